/** An authority and certificates by it, good and bad, made with openssl in a temporary folder. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const HOST = 'feed.test';

export interface Certificate {
  cert: string;
  key: string;
}

export interface Certificates {
  /** PEM file of the authority. */
  authority: string;
  good: Certificate;
  expired: Certificate;
  notYetValid: Certificate;
  wrongHost: Certificate;
  selfSigned: Certificate;
}

export function makeCertificates(folder: string): Certificates {
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const selfSigned = (name: string, extension: string) =>
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-addext',
      extension,
    );
  selfSigned('authority', 'keyUsage=critical,keyCertSign');
  selfSigned('self', `subjectAltName=DNS:localhost,DNS:${HOST},IP:127.0.0.1`);
  fs.writeFileSync(path.join(folder, 'index.txt'), '');
  fs.writeFileSync(path.join(folder, 'serial'), '1000\n');
  fs.writeFileSync(path.join(folder, 'ca.cnf'), CONFIGURATION);
  const issue = (name: string, names: string, end: string, start = '20200101000000Z') => {
    openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    fs.writeFileSync(path.join(folder, `${name}.ext`), `subjectAltName=${names}\n`);
    openssl(
      'ca',
      '-batch',
      '-config',
      'ca.cnf',
      '-notext',
      '-in',
      `${name}.csr`,
      '-out',
      `${name}.pem`,
      '-startdate',
      start,
      '-enddate',
      end,
      '-extfile',
      `${name}.ext`,
    );
    return pair(folder, name);
  };
  const names = `DNS:localhost,DNS:${HOST},IP:127.0.0.1`;
  return {
    authority: path.join(folder, 'authority.pem'),
    good: issue('good', names, '20991231000000Z'),
    expired: issue('expired', names, '20200201000000Z'),
    notYetValid: issue('early', names, '20991231000000Z', '20980101000000Z'),
    wrongHost: issue('wrong', 'DNS:elsewhere.test', '20991231000000Z'),
    selfSigned: pair(folder, 'self'),
  };
}

function pair(folder: string, name: string): Certificate {
  return { cert: path.join(folder, `${name}.pem`), key: path.join(folder, `${name}.key`) };
}

const CONFIGURATION = `[ca]
default_ca = main
[main]
database = index.txt
serial = serial
new_certs_dir = .
certificate = authority.pem
private_key = authority.key
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
`;
