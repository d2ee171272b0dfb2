declare module 'pako' {
  export class Deflate {
    constructor(options: {
      level: number;
      memLevel: number;
      windowBits: number;
      strategy?: number;
      raw: boolean;
    });
    onData: (piece: Uint8Array) => void;
    msg: string;
    push(input: Uint8Array, flush: number): boolean;
  }
}
