/**
 * What node:http speaks to in place of the socket, so that the bytes of a body can be taken past it. Of an answer whose
 * length was announced nothing is left to be parsed after the header, and node:http would copy all of it once more, into
 * fresh memory. A body that comes in pieces, or that ends with the connection, stays with node:http.
 */
import type http from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Body, type BodyOptions } from './native-body.ts';
import type { NetworkRequest } from './network.ts';

export class Wire extends Duplex {
  readonly #socket: Socket;
  /** Where the bytes go that node:http does not see. */
  #rest: Body | null = null;
  /** How many of them are still to come. */
  #left = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    // node:http stops listening when the answer is over, and an error may come after that.
    this.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (this.#rest !== null) this.#pass(chunk, this.#rest);
      else if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => {
      this.#rest?.end(lost());
      this.push(null);
    });
    socket.on('error', (error) => {
      this.#rest?.end(error);
      this.destroy(error);
    });
    socket.on('close', () => {
      this.#rest?.end(lost());
      // After a proper end, what came before it is still to be read.
      if (!socket.readableEnded) this.destroy();
    });
  }

  override _read(): void {
    if (this.#rest === null) this.#socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, encoding, done);
  }

  /** Once, as soon as the header has come and before anything else is awaited. */
  bodyOf(message: http.IncomingMessage, method: NetworkRequest['method'], options: BodyOptions): Body {
    const length = method === 'HEAD' ? null : announcedLength(message);
    // What waits here for node:http could come to us too late.
    if (length === null || this.readableLength > 0) return parsedBody(message, options);
    const rest = new Body(this.#socket, options);
    this.#rest = rest;
    this.#left = length;
    // The first bytes came together with the header.
    for (let early = message.read(); early !== null; early = message.read()) this.#pass(early, rest);
    if (length === 0) rest.end();
    return rest;
  }

  /** Whatever follows the announced length belongs to nothing. */
  #pass(chunk: Uint8Array, rest: Body): void {
    const part = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    this.#left -= part.length;
    if (part.length > 0) rest.put(part);
    if (this.#left === 0) rest.end();
  }
}

/** Bytes; null where only node:http knows where the body ends. RFC 9112, section 6.3. */
function announcedLength({ statusCode, headers }: http.IncomingMessage): number | null {
  const length = headers['content-length'] ?? '';
  if (statusCode !== 200 && statusCode !== 206) return null;
  if (headers['transfer-encoding'] !== undefined || !/^\d{1,15}$/.test(length)) return null;
  return Number(length);
}

function parsedBody(message: http.IncomingMessage, options: BodyOptions): Body {
  const body = new Body(message, options);
  message.on('data', (chunk: Buffer) => body.put(chunk));
  message.on('end', () => body.end(message.complete ? null : lost()));
  message.on('error', (error) => body.end(error));
  message.on('close', () => body.end(lost()));
  return body;
}

function lost(): Error {
  return Object.assign(new Error('closed'), { code: 'ECONNRESET' });
}
