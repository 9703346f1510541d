/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** What text needs at least against its ground (WCAG 2.2, success criterion 1.4.3, level AA). */
export const leastContrast = 4.5;

const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];

/** @param hex `#rgb` or `#rrggbb` */
export function rgbOf(hex: string): Rgb {
  const digits = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join('') : hex.slice(1);
  const part = (at: number) => Number.parseInt(digits.slice(at, at + 2), 16);
  return [part(0), part(2), part(4)];
}

/** @returns `#rrggbb` */
export function hexOf(colour: Rgb): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

/** The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(a: Rgb, b: Rgb): number {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

/** WCAG 2.2, "relative luminance". */
function luminance([red, green, blue]: Rgb): number {
  const linear = (part: number) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** The colour itself if it is readable on the ground, else a lighter or darker one that is just readable. */
export function readable(colour: Rgb, ground: Rgb): Rgb {
  if (contrast(colour, ground) >= leastContrast) return colour;
  // one of the two always reaches 4.58
  const end = contrast(white, ground) > contrast(black, ground) ? white : black;
  let [unreadable, enough] = [0, 1];
  // eight halvings: a colour has 256 steps
  for (let round = 0; round < 8; round++) {
    const middle = (unreadable + enough) / 2;
    if (contrast(mixed(colour, end, middle), ground) >= leastContrast) enough = middle;
    else unreadable = middle;
  }
  return mixed(colour, end, enough);
}

/** How much of its ground dim text takes on, from 0 to 1, the most that is readable. */
const dimming = [0.4, 0.3, 0.2, 0.1];

/** A readable colour nearer to its ground, as far as it stays readable. */
export function dimmed(colour: Rgb, ground: Rgb): Rgb {
  const paler = dimming.map((share) => mixed(colour, ground, share));
  return paler.find((one) => contrast(one, ground) >= leastContrast) ?? colour;
}

/** @param share how much of the second colour, from 0 to 1 */
function mixed(a: Rgb, b: Rgb, share: number): Rgb {
  return a.map((part, at) => Math.round(part + ((b[at] as number) - part) * share)) as unknown as Rgb;
}
