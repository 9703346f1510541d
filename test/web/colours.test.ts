import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { contrast, dimmed, leastContrast, type Rgb, readable, rgbOf } from '../../src/web/text/readable-colour.ts';

const styles = join(import.meta.dirname, '../../src/web/client/styles');
const tokens = new Map(
  [
    ...readFileSync(join(styles, 'tokens.css'), 'utf8').matchAll(/--([\w-]+): (?:light-dark\()?(#\w+)(?:, (#\w+))?/g),
  ].map(([, name = '', light = '', dark = light]) => [name, [rgbOf(light), rgbOf(dark)] as const]),
);
const token = (name: string) => tokens.get(name) ?? expect.fail(`there is no --${name}`);

describe('web: the colours of a log', () => {
  for (const [theme, name] of ['light', 'dark'].entries()) {
    it(`are readable as text on each ground of a row, in the ${name} theme`, () => {
      const texts = [...Array(16).keys()].map((number) => `f${number}`);
      for (const text of [...texts, 'text', 'bad', 'busy']) {
        for (const ground of ['log', 'panel', 'bad-ground', 'busy-ground', 'stopped-ground']) {
          const ratio = contrast(token(text)[theme] as Rgb, token(ground)[theme] as Rgb);
          expect(ratio, `--${text} on --${ground}`).to.be.at.least(leastContrast);
        }
      }
    });
  }

  it('are readable as grounds, under black or white text', () => {
    const css = readFileSync(join(styles, 'terminal.css'), 'utf8');
    const groups = [...css.matchAll(/:is\(([^)]*)\) \{\s*color: (#\w+);/g)];
    const grounds = groups.flatMap(([, names = '', text = '']) =>
      [...names.matchAll(/b\d+/g)].map(([ground]) => ({ ground, text })),
    );
    expect(new Set(grounds.map(({ ground }) => ground)).size).to.equal(16);
    for (const { ground, text } of grounds)
      expect(contrast(rgbOf(text), token(ground)[0]), ground).to.be.at.least(leastContrast);
  });

  it('beside the sixteen become readable on any ground, and stay as they are where they are', () => {
    for (let red = 0; red < 256; red += 51) {
      for (let green = 0; green < 256; green += 51) {
        for (let blue = 0; blue < 256; blue += 51) {
          const colour: Rgb = [red, green, blue];
          for (const ground of [...tokens.values()].flat()) {
            const shown = readable(colour, ground);
            expect(contrast(shown, ground), `${colour} on ${ground}`).to.be.at.least(leastContrast);
            expect(contrast(dimmed(shown, ground), ground), `${colour} dim on ${ground}`).to.be.at.least(leastContrast);
            if (contrast(colour, ground) >= leastContrast) expect(shown).to.deep.equal(colour);
          }
        }
      }
    }
  });
});
