/** A release for tests: two targets, every field filled. */
import type { DGMOVersion } from '../../lib/version/index.ts';

const SOME_DIGEST = 'ab'.repeat(32);
const SOME_SIGNATURE = 'cd'.repeat(64);

export function testManifest(): DGMOVersion {
  return {
    version: '1.2.0',
    releaseDate: 1_790_000_000_000,
    binaries: [
      {
        platform: 'linux',
        arch: 'x64',
        size: 1000,
        checksum: SOME_DIGEST,
        signature: SOME_SIGNATURE,
        downloadUrl: 'https://downloads.example.org/dgmo/1.2.0/dgmo-linux-x64',
      },
      {
        platform: 'win32',
        arch: 'arm64',
        size: 2000,
        checksum: '01'.repeat(32),
        signature: SOME_SIGNATURE,
        downloadUrl: '1.2.0/dgmo-win32-arm64.exe',
      },
    ],
    updates: {
      from: '1.1.0',
      type: 'minor',
      size: 100,
      changes: {
        notes: '# 1.2.0\n\n- Grüße, 世界\n',
        entries: [{ kind: 'added', text: 'Greets the world' }],
      },
      riskLevel: 'low',
    },
    evolutions: [{ id: 'faster-search', description: 'Searches faster', autoApply: true }],
    rollback: { supported: true, minVersion: '1.0.0', dataVersion: 3 },
  };
}

/** The same with every field of schema 2. */
export function secondManifest(): DGMOVersion {
  const { binaries, ...rest } = testManifest();
  const [first, ...others] = binaries;
  if (first === undefined) throw new Error('the test manifest has no binary');
  const blocks = { length: 32, sha256: '02'.repeat(32) };
  const frames = { length: 600, index: { length: 60, sha256: '03'.repeat(32) } };
  return {
    ...rest,
    schema: 2,
    binaries: [{ ...first, blocks, frames }, ...others],
    confirm: { seconds: 90 },
    updaters: [
      {
        platform: 'linux',
        arch: 'x64',
        version: '2.0.0',
        size: 5000,
        checksum: '04'.repeat(32),
        file: { path: 'updaters/2.0.0/linux-x64.frames', length: 3000, sha256: '05'.repeat(32) },
      },
    ],
  };
}

/** The same with a build for older processors besides. */
export function thirdManifest(): DGMOVersion {
  const { binaries, ...rest } = secondManifest();
  const [first] = binaries;
  if (first === undefined) throw new Error('the test manifest has no binary');
  const baseline = { ...first, arch: 'x64-baseline' as const, checksum: '06'.repeat(32) };
  return { ...rest, schema: 3, binaries: [...binaries, baseline] };
}

/** The same with an evolution whose risk is told. */
export function fourthManifest(): DGMOVersion {
  const { evolutions, ...rest } = thirdManifest();
  return {
    ...rest,
    schema: 4,
    evolutions: evolutions.map((one) => ({ ...one, riskLevel: 'medium' as const })),
  };
}
