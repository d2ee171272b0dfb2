/** Streams of DEFLATE as zlib makes them, by another hand than lib/: pako, which was translated to JavaScript from zlib itself. */
import { Deflate } from 'pako';

/** Added to zlib's memLevel for streams in shards, as lld makes them. */
const SHARDED = 16;
const SHARD = 1 << 20;
/** Added to it for the strategy Z_FILTERED. */
const FILTERED = 64;
const SYNC_FLUSH = 2;
const FINISH = 4;

export function deflateLikeZlib(input: Uint8Array, level: number, memory: number): Uint8Array {
  if (!(memory & SHARDED)) return shard(input, level, memory, FINISH);
  const shards: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < input.length; at += SHARD) {
    const flush = at + SHARD < input.length ? SYNC_FLUSH : FINISH;
    shards.push(shard(input.subarray(at, at + SHARD), level, memory - SHARDED, flush));
  }
  return Uint8Array.from(Buffer.concat(shards));
}

function shard(input: Uint8Array, level: number, memory: number, flush: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  const strategy = memory & FILTERED ? 1 : 0;
  const stream = new Deflate({ level, memLevel: memory & 15, windowBits: 15, strategy, raw: true });
  stream.onData = (piece) => {
    pieces.push(piece);
  };
  if (!stream.push(input, flush)) throw new Error(stream.msg);
  return Uint8Array.from(Buffer.concat(pieces));
}
