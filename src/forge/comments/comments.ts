import type { Payload } from '../../kernel/payload.ts';

/** Somebody's account at a forge. */
export interface ForgePerson {
  name: string;
  /** which no other account ever has; null where the forge knows names only */
  id: string | null;
}

/** A comment on a pull request, as the forge shows it now. */
export interface ForgeComment {
  author: ForgePerson;
  text: string;
  /** ms since 1970 */
  createdAt: number;
  isEdited: boolean;
}

/** Comments on pull requests. Each throws ForgeFault where the forge does not do it. */
export interface ForgeComments {
  /** @returns undefined where that pull request has no such comment by a person */
  read(project: string, of: { number: number; id: number }): Promise<ForgeComment | undefined>;
  /** Whether somebody may push to the project; false where the forge does not tell. */
  mayWrite(project: string, person: ForgePerson): Promise<boolean>;
  /** @param text Markdown, or plain where the forge knows none */
  write(project: string, number: number, text: string): Promise<void>;
}

/** Characters of a comment that are read. Longer ones are no commands. */
const longest = 500;
/** What can be shown to people, in one line. */
const isName = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u;
/** Milliseconds that a forge may need to store a new comment, whose last change is then later than its first. */
const storing = 1000;

/** @returns undefined where something is missing that a comment has */
export function commentIn({
  author,
  text,
  createdAt,
  updatedAt,
}: {
  author: { name: string | null; id: string | null };
  text: Payload;
  createdAt: number | null;
  updatedAt: number | null;
}): ForgeComment | undefined {
  const [name, body] = [author.name, text.text(longest)];
  if (name === null || !isName.test(name) || body === null || createdAt === null) return undefined;
  const isEdited = updatedAt === null || Math.abs(updatedAt - createdAt) > storing;
  return { author: { name, id: author.id }, text: body, createdAt, isEdited };
}

/** The id of an account, which is a number or a text. */
export function idIn(payload: Payload): string | null {
  const number = payload.id();
  return number === null ? payload.text(200) : String(number);
}
