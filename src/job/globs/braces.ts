import { StepFault } from '../fault.ts';

/** Patterns into which one may expand. */
const most = 100;

/**
 * Expands a pattern with braces: `a{b,c}` becomes `ab` and `ac`, `{1..3}` becomes `1`, `2` and `3`; braces may be
 * nested. Braces with neither a comma nor two dots stay.
 * @throws StepFault if there are too many
 */
export function expandBraces(text: string): string[] {
  const expanded: string[] = [];
  const waiting = [text];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const found = choiceIn(next);
    if (!found) expanded.push(next);
    else for (const choice of found.choices.reverse()) waiting.push(`${found.before}${choice}${found.after}`);
    if (expanded.length + waiting.length > most)
      throw new StepFault(`the pattern ${text.slice(0, 100)} expands into more than ${most}`);
  }
  return expanded;
}

/** The first braces of a text that offer a choice, the innermost first. */
function choiceIn(text: string): { before: string; choices: string[]; after: string } | undefined {
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '{') open.push(at);
    else if (text[at] === '}') {
      const start = open.pop();
      if (start === undefined) continue;
      const inside = text.slice(start + 1, at);
      const choices = rangeOf(inside) ?? (inside.includes(',') ? inside.split(',') : undefined);
      if (choices) return { before: text.slice(0, start), choices, after: text.slice(at + 1) };
    }
  }
  return undefined;
}

function rangeOf(text: string): string[] | undefined {
  const [, first, last] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const [from, to] = [Number(first), Number(last)];
  const count = Math.min(Math.abs(to - from), most) + 1;
  return Array.from({ length: count }, (_, index) => String(from + (to < from ? -index : index)));
}
