/**
 * Serves the files of the repository, with headers that let a browser, a proxy and a CDN keep them: what never changes
 * for a year, what does (`timestamp.json`, and that there is no next root yet) for a minute.
 */
import path from 'node:path';
import { digestBytes, readFile } from '../../lib/platform/files.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import { MAX_BYTES } from '../../lib/trust/feed/limits.ts';
import { fileBlob } from '../platform/storage.ts';
import { CHANGING, headersOf, IMMUTABLE } from '../publish/headers.ts';
import { digestInName } from '../repository/layout.ts';
import { type PublicFile, pageFile, publicFile } from './public-file.ts';
import { matchesEtag, spanOf } from './range.ts';
import { type Reply, refusal, withoutBody, wrongMethod } from './reply.ts';

const NUMBERED = /^\d+\.[^/]+\.json$/;
const ROOT_PROBE = /^metadata\/\d+\.root\.json$/;

/** `location`: the path of the URL, without the leading slash. */
export function serveFile(repository: string, request: Request, location: string): Reply {
  return serve(request, location, () => {
    const found = publicFile(repository, location);
    if (found === null) return null;
    return found.kind === 'metadata' ? serveMetadata(found, request) : serveTarget(found, request);
  });
}

/** The same for the page of `release page`. */
export function servePage(folder: string, request: Request, location: string): Reply {
  return serve(request, location, () => {
    const found = pageFile(folder, location);
    return found === null ? null : servePageFile(found, request, location);
  });
}

/** @param find returns null if there is no such file */
function serve(request: Request, location: string, find: () => Reply | null): Reply {
  const refused = wrongMethod(request.method, ['GET', 'HEAD']);
  if (refused !== null) return refused;
  const reply = find();
  if (reply === null) {
    return refusal(404, 'there is no such file', {
      'Cache-Control': ROOT_PROBE.test(location) ? CHANGING : 'no-cache',
    });
  }
  return request.method === 'HEAD' && reply.response.status !== 304 ? withoutBody(reply) : reply;
}

interface Content {
  size: number;
  etag: string;
  cache: string;
  type: string;
  part(first: number, end: number): Blob | Uint8Array;
}

/**
 * Bytes. What a client does not read is kept for it in memory if it is sent from there: 400 clients that asked for 5 MB took
 * the server from 54 to 370 MB. Sent from the file it costs nothing.
 */
const SENT_FROM_MEMORY = 64 << 10;
/** Bytes of the page, or of a script. */
const MOST_OF_PAGE = 16 << 20;

/**
 * Reads the file whole, so that its digest is that of one state of it. What may be replaced meanwhile, and is small, is sent as
 * it was read. Null if it has been removed.
 */
function serveMetadata({ file }: PublicFile, request: Request): Reply | null {
  const bytes = readFile(disk, file, MAX_BYTES.targets);
  if (bytes === null) return null;
  const immutable = NUMBERED.test(path.basename(file));
  const fromFile = immutable && bytes.length > SENT_FROM_MEMORY;
  return answer(request, {
    size: bytes.length,
    etag: `"${digestBytes(bytes).sha256}"`,
    cache: immutable ? IMMUTABLE : CHANGING,
    type: 'application/json',
    part: (first, end) => (fromFile ? fileBlob(file).slice(first, end) : bytes.subarray(first, end)),
  });
}

function serveTarget({ file, size, modified }: PublicFile, request: Request): Reply {
  const digest = digestInName(file);
  return answer(request, {
    size,
    etag: digest === null ? `W/"${size}-${modified}"` : `"${digest}"`,
    cache: digest === null ? 'no-cache' : IMMUTABLE,
    type: file.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    part: (first, end) => fileBlob(file).slice(first, end),
  });
}

/** A file of the page is replaced; an updater never is, as its digest is in the path. */
function servePageFile(
  { file, size, modified }: PublicFile,
  request: Request,
  location: string,
): Reply | null {
  const headers = headersOf(location === '' ? 'index.html' : location);
  const given = { cache: headers['Cache-Control'], type: headers['Content-Type'] };
  if (given.cache === IMMUTABLE) {
    const etag = `W/"${size}-${modified}"`;
    return answer(request, { ...given, size, etag, part: (first, end) => fileBlob(file).slice(first, end) });
  }
  const bytes = readFile(disk, file, MOST_OF_PAGE);
  if (bytes === null) return null;
  const etag = `"${digestBytes(bytes).sha256}"`;
  return answer(request, {
    ...given,
    size: bytes.length,
    etag,
    part: (first, end) => bytes.subarray(first, end),
  });
}

function answer(request: Request, content: Content): Reply {
  const { size, etag } = content;
  const headers: Record<string, string> = {
    ETag: etag,
    'Cache-Control': content.cache,
    'Accept-Ranges': 'bytes',
    'X-Content-Type-Options': 'nosniff',
  };
  if (matchesEtag(request.headers.get('if-none-match'), etag)) {
    return { response: new Response(null, { status: 304, headers }), bytes: 0 };
  }
  // Otherwise Bun puts the name of the file into this header.
  Object.assign(headers, { 'Content-Type': content.type, 'Content-Disposition': 'inline' });
  // Bun would answer a range of a file by itself, but the log and the metrics would not know.
  const span = spanOf(request.headers.get('range'), request.headers.get('if-range'), etag, size);
  if (span.kind === 'outside') {
    return refusal(416, `the file has ${size} bytes`, { ...headers, 'Content-Range': `bytes */${size}` });
  }
  if (span.kind === 'whole') {
    return { response: new Response(content.part(0, size), { headers }), bytes: size };
  }
  const { first, last } = span;
  headers['Content-Range'] = `bytes ${first}-${last}/${size}`;
  return {
    response: new Response(content.part(first, last + 1), { status: 206, headers }),
    bytes: last + 1 - first,
  };
}
