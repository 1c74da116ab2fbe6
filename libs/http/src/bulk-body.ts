import { RouteConfig } from '@nestjs/platform-fastify';

/** What a route takes that reads a list of values. */
export interface BulkLimits {
  /** Largest body. */
  readonly maxBytes: number;
  /** Most values in it. */
  readonly maxItems: number;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Present on routes with a `@BulkBody`. */
    readonly bulkBody?: BulkLimits;
  }
}

/**
 * The route takes a list, as a JSON array or as NDJSON, and has a body limit of its own. Its body stays
 * unread bytes until the handler asks for `bodyItems`, so that nobody without a token makes us parse it.
 */
export const BulkBody = (limits: BulkLimits): MethodDecorator => RouteConfig({ bulkBody: limits });
