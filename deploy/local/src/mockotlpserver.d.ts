declare module '@elastic/mockotlpserver' {
  interface Options {
    readonly services: readonly ('http' | 'grpc' | 'ui')[];
    readonly logLevel?: string;
    readonly httpHostname?: string;
    readonly httpPort?: number;
    readonly onTrace?: (request: unknown) => void;
  }
  const mock: {
    readonly MockOtlpServer: new (options: Options) => { start(): Promise<void>; close(): Promise<void> };
  };
  export = mock;
}
