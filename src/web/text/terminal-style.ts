/** How a piece of text looks. */
export interface Look {
  /** class names separated by spaces, empty for plain text; a colour is the nearest of the sixteen in the style sheet */
  style: string;
  /** the colour of the text as `#rrggbb`, if it is none of the sixteen */
  front?: string;
  /** the colour of the ground as `#rrggbb`, if it is none of the sixteen */
  back?: string;
}

/** One of the sixteen colours of a terminal by its number, or any other as `#rrggbb`. */
type Colour = number | string;

/** The current style of a terminal, set by select-graphic-rendition sequences (SGR, ECMA-48 section 8.3.117). */
export class Style {
  /** one bit for each entry of `weights` */
  #on = 0;
  #inverse = false;
  #front: Colour | undefined;
  #back: Colour | undefined;
  #look: Look = plainLook;

  /** The same object until the style changes. */
  get look(): Look {
    return this.#look;
  }

  apply(codes: readonly number[]): void {
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] ?? 0;
      if (code === 38 || code === 48) {
        const [colour, used] = extendedColour(codes.slice(i + 1));
        if (code === 38) this.#front = colour ?? this.#front;
        else this.#back = colour ?? this.#back;
        i += used;
      } else this.#single(code);
    }
    this.#look = this.#lookNow();
  }

  #single(code: number): void {
    if (code === 0) {
      this.#on = 0;
      this.#inverse = false;
      this.#front = undefined;
      this.#back = undefined;
    } else if (code === 7) this.#inverse = true;
    else if (code === 27) this.#inverse = false;
    else if (code === 39) this.#front = undefined;
    else if (code === 49) this.#back = undefined;
    else if (code >= 30 && code <= 37) this.#front = code - 30;
    else if (code >= 40 && code <= 47) this.#back = code - 40;
    else if (code >= 90 && code <= 97) this.#front = code - 90 + 8;
    else if (code >= 100 && code <= 107) this.#back = code - 100 + 8;
    else {
      weights.forEach(({ on, off }, bit) => {
        if (code === on) this.#on |= 1 << bit;
        if (code === off) this.#on &= ~(1 << bit);
      });
    }
  }

  #lookNow(): Look {
    const names = weights.flatMap(({ name }, bit) => (this.#on & (1 << bit) ? [name] : []));
    const [front, back] = this.#inverse ? [this.#back, this.#front] : [this.#front, this.#back];
    if (front !== undefined) names.push(`f${nearest(front)}`);
    if (back !== undefined) names.push(`b${nearest(back)}`);
    // the ground in the colour of text
    else if (this.#inverse) names.push('inverse');
    const style = names.join(' ');
    if (style === '') return plainLook;
    return {
      style,
      ...(typeof front === 'string' && { front }),
      ...(typeof back === 'string' && { back }),
    };
  }
}

const plainLook: Look = { style: '' };

/** Codes that turn a weight on and off. */
const weights: readonly { name: string; on: number; off: number }[] = [
  { name: 'bold', on: 1, off: 22 },
  { name: 'dim', on: 2, off: 22 },
  { name: 'italic', on: 3, off: 23 },
  { name: 'under', on: 4, off: 24 },
  { name: 'struck', on: 9, off: 29 },
];

/**
 * The colour after a code 38 or 48.
 * @returns the colour, and how many codes it takes up
 */
function extendedColour(codes: readonly number[]): [Colour | undefined, number] {
  const [form, a = 0, b = 0, c = 0] = codes;
  if (form === 2) return [rgb(a, b, c), 4];
  if (form !== 5) return [undefined, codes.length];
  return [a < 16 ? a : paletteColour(a), 2];
}

/** A colour of xterm's palette from 16 on: a cube of six levels for each of red, green and blue, then 24 greys. */
function paletteColour(code: number): string {
  const grey = 8 + 10 * (code - 232);
  if (code > 231) return rgb(grey, grey, grey);
  const level = (n: number) => (n === 0 ? 0 : 55 + 40 * n);
  return rgb(level(Math.floor((code - 16) / 36)), level(Math.floor((code - 16) / 6) % 6), level((code - 16) % 6));
}

function rgb(...parts: [red: number, green: number, blue: number]): string {
  const two = (part: number) => Math.min(255, part).toString(16).padStart(2, '0');
  return `#${parts.map(two).join('')}`;
}

/** The nearest of the sixteen colours, which the style sheet keeps readable on light and dark. */
function nearest(colour: Colour): number {
  if (typeof colour === 'number') return colour;
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [
    number,
    number,
    number,
  ];
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
