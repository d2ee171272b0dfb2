/** Small classes of Java, as in an archive that is not compressed, with all that has numbers of constants. The later version of a class has constants and methods more. */
import { randomNumbers } from '../pairs.ts';

const [CLASSES, METHODS] = [12, 12];
const WORDS = ['size', 'apply', 'merge', 'visit', 'accept', 'resolve', 'emit', 'parse', 'close', 'index'];

/** Constants by what they say: their bytes are known once all have numbers. */
class Constants {
  readonly #tags = new Map<string, { tag: number; bytes: () => number[] }>();
  #numbers = new Map<string, number>();
  #count = 0;

  /** `isTextLast`: what names others precedes these. */
  number(isTextLast: boolean): void {
    const keys = [...this.#tags.keys()];
    const rank = (key: string) => (this.#tags.get(key)?.tag === 1 ? 1 : 0);
    if (isTextLast) keys.sort((a, b) => rank(a) - rank(b));
    let next = 1;
    for (const key of keys) {
      this.#numbers.set(key, next);
      next += this.#tags.get(key)?.tag === 5 ? 2 : 1;
    }
    this.#count = next;
  }

  get bytes(): number[] {
    return [...u16(this.#count), ...[...this.#numbers.keys()].flatMap((key) => this.#entry(key))];
  }

  #entry(key: string): number[] {
    const { tag = 1, bytes } = this.#tags.get(key) ?? {};
    return [tag, ...(bytes?.() ?? [])];
  }

  #add(tag: number, key: string, bytes: () => number[]): number {
    const whole = `${tag} ${key}`;
    if (!this.#tags.has(whole)) this.#tags.set(whole, { tag, bytes });
    return this.#numbers.get(whole) ?? 0;
  }

  text(text: string): number {
    return this.#add(1, text, () => [...u16(text.length), ...Buffer.from(text, 'latin1')]);
  }

  /** Tags 7 (a class), 8 (a string), 16. */
  named(tag: number, name: string): number {
    this.text(name);
    return this.#add(tag, name, () => u16(this.text(name)));
  }

  long(value: number): number {
    return this.#add(5, `${value}`, () => [0, 0, 0, 0, 0, 0, ...u16(value)]);
  }

  typed(name: string, type: string): number {
    this.text(name);
    this.text(type);
    return this.#add(12, `${name} ${type}`, () => [...u16(this.text(name)), ...u16(this.text(type))]);
  }

  /** Tags 9 to 11. */
  member(tag: number, owner: string, name: string, type: string): number {
    this.named(7, owner);
    this.typed(name, type);
    return this.#add(tag, `${owner} ${name} ${type}`, () => [
      ...u16(this.named(7, owner)),
      ...u16(this.typed(name, type)),
    ]);
  }

  handle(owner: string, name: string): number {
    this.member(10, owner, name, '()V');
    return this.#add(15, `${owner} ${name}`, () => [6, ...u16(this.member(10, owner, name, '()V'))]);
  }

  dynamic(index: number, name: string): number {
    this.typed(name, '()V');
    return this.#add(18, `${index} ${name}`, () => [...u16(index), ...u16(this.typed(name, '()V'))]);
  }
}

function codeOf(constants: Constants, id: number, method: number): number[] {
  const next = randomNumbers(id * 100 + method);
  const code: number[] = [0x2a];
  const owner = () => `org/example/${WORDS[next() % 10]}/Type${next() % 30}`;
  for (let i = 0; i < 5 + (method % 6); i++) {
    const short = constants.named(8, `value ${next() % 50}`);
    code.push(
      ...([
        [0xb6, ...u16(constants.member(10, owner(), WORDS[next() % 10] ?? '', '(I)Ljava/lang/String;'))],
        [0xb4, ...u16(constants.member(9, owner(), WORDS[next() % 10] ?? '', 'I'))],
        short < 256 ? [0x12, short] : [0x13, ...u16(short)],
        [0x14, ...u16(constants.long(next() % 1000))],
        [0xb9, ...u16(constants.member(11, owner(), WORDS[next() % 10] ?? '', '()V')), 2, 0],
        [0xba, ...u16(constants.dynamic(next() % 3, 'run')), 0, 0],
        [0xbb, ...u16(constants.named(7, owner())), 0x59, 0x10, next() & 127],
        [0xc5, ...u16(constants.named(7, '[[I')), 2, 0xc4, 0x84, 0, 1, 0, 1, 0x84, 1, 1],
      ][next() % 8] ?? []),
    );
  }
  const padded = 4 - (code.length % 4);
  if (method % 5 === 1)
    code.push(
      0xaa,
      ...new Array<number>((padded + 3) % 4).fill(0),
      ...u32(30),
      ...u32(1),
      ...u32(2),
      ...u32(30),
      ...u32(31),
    );
  const wide = 4 - ((code.length + 1) % 4);
  if (method % 5 === 2)
    code.push(0xab, ...new Array<number>(wide % 4).fill(0), ...u32(20), ...u32(1), ...u32(7), ...u32(20));
  return [...code, 0xb1];
}

function attribute(constants: Constants, name: string, content: number[]): number[] {
  return [...u16(constants.text(name)), ...u32(content.length), ...content];
}

function bodyOf(constants: Constants, id: number, isLater: boolean): number[] {
  const next = randomNumbers(id + 7);
  const made = (name: string, content: number[]) => attribute(constants, name, content);
  const name = `org/example/Type${id}`;
  const head = [
    ...[0, 0x21, ...u16(constants.named(7, name)), ...u16(constants.named(7, 'java/lang/Object'))],
    ...[...u16(1), ...u16(constants.named(7, `org/example/Shape${id % 3}`))],
  ];
  const annotation = [
    ...[...u16(constants.text('Lorg/example/Mark;')), ...u16(4)],
    ...[...u16(constants.text('value')), 0x5b, ...u16(2)],
    ...[0x73, ...u16(constants.text(`mark ${id}`)), 0x73, ...u16(constants.text(isLater ? 'new' : 'first'))],
    ...[
      ...u16(constants.text('kind')),
      0x65,
      ...u16(constants.text('LKind;')),
      ...u16(constants.text('ONE')),
    ],
    ...[...u16(constants.text('type')), 0x63, ...u16(constants.text('V'))],
    ...[...u16(constants.text('in')), 0x40, ...u16(constants.text('LIn;')), 0, 0],
  ];
  const fields = [
    ...u16(1),
    ...[0, 0x1a, ...u16(constants.text('SERIAL')), ...u16(constants.text('J')), ...u16(2)],
    ...made('ConstantValue', u16(constants.long(id))),
    ...made('Signature', u16(constants.text('TJ;'))),
  ];
  const ids = Array.from({ length: METHODS }, (_, method) => method).filter(
    (method) => isLater || method % 7 !== 3,
  );
  const methods = ids.flatMap((method) => {
    const code = codeOf(constants, id, method);
    const frames = [
      ...u16(6),
      ...[3, 64, 7, ...u16(constants.named(7, name)), 247, 0, 1, 8, 0, 2, 250, 0, 1],
      ...[253, 0, 2, 1, 7, ...u16(constants.named(7, '[I'))],
      ...[255, 0, 3, ...u16(1), 7, ...u16(constants.named(7, name)), ...u16(1), 2],
    ];
    const variables = [
      ...u16(1),
      ...u16(0),
      ...u16(9),
      ...u16(constants.text('it')),
      ...u16(constants.text(`L${name};`)),
      ...u16(0),
    ];
    return [
      ...[
        0,
        1,
        ...u16(constants.text(`${WORDS[method % 10]}${method}`)),
        ...u16(constants.text('(I)V')),
        ...u16(4),
      ],
      ...made('Code', [
        ...[0, 2, 0, 3, ...u32(code.length), ...code],
        ...[...u16(1), ...u16(0), ...u16(4), ...u16(6), ...u16(constants.named(7, 'java/io/IOException'))],
        ...u16(3),
        ...made('LineNumberTable', [...u16(1), ...u16(0), ...u16(30 + (next() % 900))]),
        ...made('LocalVariableTable', variables),
        ...made('StackMapTable', frames),
      ]),
      ...made('Exceptions', [...u16(1), ...u16(constants.named(7, 'java/io/IOException'))]),
      ...made('MethodParameters', [1, ...u16(constants.text('count')), 0, 16]),
      ...made('RuntimeInvisibleParameterAnnotations', [1, ...u16(1), ...annotation]),
    ];
  });
  const handle = () => u16(constants.handle(name, WORDS[next() % 10] ?? ''));
  const rest = [
    ...u16(8),
    ...made('RuntimeVisibleAnnotations', [...u16(1), ...annotation]),
    ...made('BootstrapMethods', [
      ...u16(3),
      ...handle(),
      ...u16(1),
      ...u16(constants.named(16, '()V')),
      ...handle(),
      0,
      0,
      ...handle(),
      0,
      0,
    ]),
    ...made('InnerClasses', [
      ...u16(1),
      ...u16(constants.named(7, `${name}$A`)),
      ...u16(constants.named(7, name)),
      ...u16(constants.text('A')),
      0,
      9,
    ]),
    ...made('EnclosingMethod', [...u16(constants.named(7, name)), ...u16(constants.typed('of', '()V'))]),
    ...made('Record', [
      ...u16(1),
      ...u16(constants.text('x')),
      ...u16(constants.text('I')),
      ...u16(1),
      ...made('Signature', u16(constants.text('TX;'))),
    ]),
    ...made('AnnotationDefault', [0x49, ...u16(constants.long(1))]),
    ...made('NestMembers', [...u16(1), ...u16(constants.named(7, `${name}$A`))]),
    ...made('SourceFile', u16(constants.text(`Type${id}.java`))),
  ];
  return [...head, ...fields, ...u16(ids.length), ...methods, ...rest];
}

/** A class. */
export function javaClass(id: number, isLater: boolean): Uint8Array {
  const constants = new Constants();
  bodyOf(constants, id, isLater);
  constants.number(id % 2 === 1);
  const body = bodyOf(constants, id, isLater);
  return Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61, ...constants.bytes, ...body]);
}

/** Many of them, of which two of three have changed, each behind other bytes. */
export function javaClasses(later: boolean): Uint8Array {
  const next = randomNumbers(5);
  return Buffer.concat(
    Array.from({ length: CLASSES }, (_, id) => [
      Uint8Array.from({ length: 40 }, () => next() & 255),
      javaClass(id, later && id % 3 !== 0),
    ]).flat(),
  );
}

function u16(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}
