/** The body of a request, bounded in bytes and in time. */
import { within } from '../platform/timers.ts';

/** The bytes, or the status of the refusal: 413 if it is too large, 408 if too slow, 400 if it was cut off. */
export async function readBody(
  request: Request,
  { bytes, milliseconds }: { bytes: number; milliseconds: number },
): Promise<Uint8Array | 400 | 408 | 413> {
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > bytes) return 413;
  const whole: Promise<Uint8Array | 413> = announced === null ? readPieces(request, bytes) : request.bytes();
  try {
    const body = await within(whole, milliseconds);
    return body === 'late' ? 408 : body;
  } catch {
    return 400;
  }
}

/** For a body without a Content-Length. */
async function readPieces(request: Request, limit: number): Promise<Uint8Array | 413> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body ?? []) {
    size += piece.length;
    if (size > limit) return 413;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}
