import { contrast, dimmed, hexOf, type Rgb, readable, rgbOf } from '../../text/readable-colour.ts';
import type { Look } from '../../text/terminal-style.ts';

/** The grounds that rows of a log may have, as properties of the style sheet. */
const grounds = ['--log', '--panel', '--bad-ground', '--busy-ground', '--stopped-ground'];

/** A colour in the light theme and in the dark one. */
type Pair = readonly [light: Rgb, dark: Rgb];

const known = new Map<string, { front: string; back: string }>();

/**
 * Gives an element the colours that its text was printed in, where the classes of its look cannot: colours beside the
 * sixteen, dim ones, and two colours together. Text becomes lighter or darker if it would not be readable otherwise.
 */
export function paint(element: HTMLElement, look: Look): void {
  const [, named] = /\bf(\d+)/.exec(look.style) ?? [];
  const isOnGround = /\bb\d|\binverse/.test(look.style);
  const isPlain = named === undefined || !(isOnGround || isDim(look));
  if (look.front === undefined && look.back === undefined && isPlain) return;
  const key = [look.style, look.front, look.back].join('|');
  const colours = known.get(key) ?? coloursOf(look, named);
  known.set(key, colours);
  element.style.color = colours.front;
  element.style.backgroundColor = colours.back;
}

function coloursOf(look: Look, named: string | undefined): { front: string; back: string } {
  const back = backOf(look);
  const under = back ?? hardest();
  const front = frontOf(look, named) ?? under.map(clearest);
  const text = front.map((colour, theme) => {
    const ground = under[theme] as Rgb;
    const shown = readable(colour, ground);
    return isDim(look) ? dimmed(shown, ground) : shown;
  }) as unknown as Pair;
  return { front: css(text), back: back ? css(back) : '' };
}

function isDim({ style }: Look): boolean {
  return /\bdim\b/.test(style);
}

function frontOf({ front }: Look, named: string | undefined): Pair | undefined {
  if (front !== undefined) return twice(front);
  return named === undefined ? undefined : pairOf(`--f${named}`);
}

/** Black or white, whichever is easier to read on a ground. */
function clearest(ground: Rgb): Rgb {
  const [black, white] = [rgbOf('#121314'), rgbOf('#ffffff')];
  return contrast(white, ground) > contrast(black, ground) ? white : black;
}

function backOf({ style, back }: Look): Pair | undefined {
  if (back !== undefined) return twice(back);
  const [, named] = /\bb(\d+)/.exec(style) ?? [];
  if (named !== undefined) return pairOf(`--b${named}`);
  return style.includes('inverse') ? pairOf('--text') : undefined;
}

/** In each theme the ground of rows on which text is hardest to read: the darkest light one, the lightest dark one. */
function hardest(): Pair {
  const pairs = grounds.map(pairOf);
  const brightness = (colour: Rgb) => colour.reduce((sum, part) => sum + part);
  const [light, dark] = [0, 1].map((theme) =>
    pairs.map((pair) => pair[theme] as Rgb).sort((a, b) => brightness(a) - brightness(b)),
  );
  return [light?.[0] as Rgb, dark?.at(-1) as Rgb];
}

/** A colour of the style sheet: one, or `light-dark(one, other)`. */
function pairOf(property: string): Pair {
  const text = getComputedStyle(document.documentElement).getPropertyValue(property);
  const [light = '#000000', dark = light] = text.match(/#[0-9a-f]+/gi) ?? [];
  return [rgbOf(light), rgbOf(dark)];
}

function twice(hex: string): Pair {
  return [rgbOf(hex), rgbOf(hex)];
}

function css([light, dark]: Pair): string {
  return `light-dark(${hexOf(light)}, ${hexOf(dark)})`;
}
