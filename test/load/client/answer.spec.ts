import { describe, expect, it } from '@jest/globals';
import { readAnswerHead } from './answer.js';

const read = (text: string) => readAnswerHead(Buffer.from(text));

describe('readAnswerHead', () => {
  it('tells status and length', () => {
    const head = 'HTTP/1.1 202 Accepted\r\nX: y\r\nContent-Length: 5\r\n\r\n';
    expect(read(`${head}hello`)).toEqual({ status: 202, bytes: head.length + 5, closes: false });
  });

  it('sees that the server will close', () => {
    const closing = 'HTTP/1.1 503 No\r\nConnection: close\r\ncontent-length: 0\r\n\r\n';
    expect(read(closing)).toMatchObject({ status: 503, closes: true });
  });

  it('waits for the rest of a head', () => {
    expect(read('HTTP/1.1 202 Accepted\r\nContent-Le')).toBeNull();
  });

  it('refuses what it cannot measure', () => {
    expect(() => read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toThrow('without a length');
  });
});
