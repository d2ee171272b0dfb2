/** TLS that will not do, and servers that do not keep to the range that was asked for. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import type { Certificates } from '../../support/servers/certificates.ts';
import { startServer } from '../../support/servers/start.ts';
import type { Standing } from './standing.ts';

type Kind = Exclude<keyof Certificates, 'authority'>;

export function transport(standing: () => Standing): void {
  describe('TLS', () => {
    test.concurrent.each<[what: string, kind: Kind, says: string, maxVersion: string]>([
      ['a certificate that has expired', 'expired', 'has a certificate that has expired', 'TLSv1.3'],
      ['a certificate of the future', 'notYetValid', 'has a certificate that is not valid yet', 'TLSv1.3'],
      ['a self-signed certificate', 'selfSigned', 'has a self-signed certificate', 'TLSv1.3'],
      [
        'the certificate of another host',
        'wrongHost',
        'has a certificate that was issued for another host',
        'TLSv1.3',
      ],
      ['1.2 only', 'good', 'could not agree on TLS 1.3, the oldest version that is accepted', 'TLSv1.2'],
    ])('%s: 13', async (_, kind, says, maxVersion) => {
      const { certificates } = await standing().secured();
      const server = await startServer('origin', { ...certificates[kind], maxVersion });
      standing().defer(() => server.stop());
      const feed = ['--ca-file', certificates.authority, '--feed', `https://localhost:${server.port}/`];
      const ran = await standing().run(standing().freshHome(), ['update', '--yes', ...feed], {
        // What careless people set, and what the machine of the test may have set.
        ...{ NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_EXTRA_CA_CERTS: '' },
      });
      standing().refused(ran, 13, new RegExp(`localhost:${server.port} ${says}$`));
      expect(await server.served()).toEqual([]);
    });
  });

  describe('the rest of a file that an earlier run has begun', () => {
    /** Half of the package stands in the cache, as `change` leaves it, with the ETag that it came with. */
    const goesOn = (behaviour: string, etag: string | null, change: (half: Buffer) => Buffer) => {
      const { stage, server, freshHome, run, fullPackage } = standing();
      const feed = `http://127.0.0.1:${server.port}/${behaviour}/package/`;
      const home = freshHome();
      const { file, sha256 } = fullPackage();
      const bytes = fs.readFileSync(path.join(stage.feed.folder, file));
      const at = (end: string) => path.join(home, 'cache', `${sha256}.${end}`);
      fs.mkdirSync(path.join(home, 'cache'));
      fs.writeFileSync(at('partial'), change(bytes.subarray(0, bytes.length >> 1)));
      const record = { length: bytes.length, url: feed + file, etag, modified: null };
      fs.writeFileSync(at('json'), JSON.stringify(record));
      return run(home, ['download', '--feed', feed]);
    };
    const same = (half: Buffer) => half;
    const other = (half: Buffer) => Buffer.alloc(half.length, 'x');

    test.concurrent.each<[string, string, string | null, (half: Buffer) => Buffer]>([
      ['as it was asked for', 'range-unvalidated', null, same],
      ['in an answer that is all of it, 200', 'good', null, same],
      ['in an answer that is another range', 'range-wrong', null, same],
      ['of a file that has changed, by its ETag', 'range-changed', '"one"', other],
      ['of a file that has changed, by nothing but its digest', 'range-unvalidated', null, other],
    ])('%s: the right file comes in the same run', async (_, behaviour, etag, change) => {
      standing().fetched(await goesOn(behaviour, etag, change));
    });

    test.concurrent('of a file that never stops changing: 13', async () => {
      const ran = await goesOn('range-changing', '"one"', same);
      standing().refused(ran, 13, /the file on 127\.0\.0\.1:\d+ changed while it was downloaded$/);
    });
  });
}
