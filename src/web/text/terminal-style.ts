/** The current style of a terminal, set by select-graphic-rendition sequences (SGR, ECMA-48 section 8.3.117). */
export class Style {
  /** one bit for each entry of `weights` */
  #on = 0;
  #front = '';
  #back = '';
  classes = '';

  apply(codes: readonly number[]): void {
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] ?? 0;
      if (code === 38 || code === 48) {
        const [colour, used] = extendedColour(codes.slice(i + 1));
        this.#colour(code === 38 ? 'f' : 'b', colour);
        i += used;
      } else this.#single(code);
    }
    this.classes = '';
    weights.forEach(({ name }, bit) => {
      if (this.#on & (1 << bit)) this.#add(name);
    });
    this.#add(this.#front);
    this.#add(this.#back);
  }

  #add(name: string): void {
    if (name !== '') this.classes += this.classes === '' ? name : ` ${name}`;
  }

  #single(code: number): void {
    if (code === 0) {
      this.#on = 0;
      this.#front = '';
      this.#back = '';
    } else if (code === 39) this.#front = '';
    else if (code === 49) this.#back = '';
    else if (code >= 30 && code <= 37) this.#colour('f', code - 30);
    else if (code >= 40 && code <= 47) this.#colour('b', code - 40);
    else if (code >= 90 && code <= 97) this.#colour('f', code - 90 + 8);
    else if (code >= 100 && code <= 107) this.#colour('b', code - 100 + 8);
    else {
      weights.forEach(({ on, off }, bit) => {
        if (code === on) this.#on |= 1 << bit;
        if (code === off) this.#on &= ~(1 << bit);
      });
    }
  }

  #colour(ground: 'f' | 'b', colour: number | undefined): void {
    if (colour === undefined) return;
    if (ground === 'f') this.#front = `f${colour}`;
    // a bright ground looks like the other one, so that text on it is readable
    else this.#back = `ground b${colour % 8}`;
  }
}

/** Codes that turn a weight on and off. */
const weights = [
  { name: 'bold', on: 1, off: 22 },
  { name: 'dim', on: 2, off: 22 },
  { name: 'italic', on: 3, off: 23 },
  { name: 'under', on: 4, off: 24 },
  { name: 'inverse', on: 7, off: 27 },
  { name: 'struck', on: 9, off: 29 },
] as const;

/**
 * The colour after a code 38 or 48, as the nearest of the sixteen that the style sheets keep readable on light and dark.
 * @returns the colour, and how many codes it takes up
 */
function extendedColour(codes: readonly number[]): [number | undefined, number] {
  const [form, a = 0, b = 0, c = 0] = codes;
  if (form === 2) return [nearest(a, b, c), 4];
  if (form !== 5) return [undefined, codes.length];
  if (a < 16) return [a, 2];
  if (a > 231) return [nearest(...grey(a)), 2];
  const level = (n: number) => (n === 0 ? 0 : 55 + 40 * n);
  return [nearest(level(Math.floor((a - 16) / 36)), level(Math.floor((a - 16) / 6) % 6), level((a - 16) % 6)), 2];
}

function grey(code: number): [number, number, number] {
  const level = 8 + 10 * (code - 232);
  return [level, level, level];
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  if (most - Math.min(red, green, blue) < 32) return most < 48 ? 0 : most < 144 ? 8 : most < 208 ? 7 : 15;
  const hue = (red > most * 0.6 ? 1 : 0) + (green > most * 0.6 ? 2 : 0) + (blue > most * 0.6 ? 4 : 0);
  return most > 208 ? hue + 8 : hue;
}

/** The codes of a sequence. Colons join the parts of one code, as in `4:3` and `38:2::255:0:0`. */
export function codesIn(parameters: string): number[] {
  if (!parameters.includes(':')) return parameters.split(';').map(Number);
  return parameters.split(';').flatMap((parameter) => {
    const [code = 0, form = 0, ...rest] = parameter.split(':').map(Number);
    if (!parameter.includes(':')) return [code];
    if (code === 38 || code === 48) return [code, form, ...(form === 2 ? rest.slice(-3) : rest)];
    return form === 0 ? [24] : [code];
  });
}
