declare module 'zstd-codec' {
  interface Simple {
    compress(bytes: Uint8Array, level: number): Uint8Array;
    decompress(bytes: Uint8Array): Uint8Array;
  }
  export const ZstdCodec: { run(ready: (zstd: { Simple: new () => Simple }) => void): void };
}
