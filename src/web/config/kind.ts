import type * as z from 'zod';
import type { Config } from '../../kernel/config.ts';
import type { StageContext } from '../../queues/stage.ts';
import type { Database } from '../../record/database.ts';

/** The keys that lead to something in the file with the settings. */
export type Path = readonly string[];

/** One thing that the settings name: a repository, a variable, a forge. */
export interface Entry {
  /** what is at its path in the file, without secrets and without the entries inside of it */
  readonly value: unknown;
  /** the names in its path, outermost first, for example those of a repository and of one of its environments */
  readonly names: Path;
  /** values of its secrets, by the field that has them, such as `token` or `app.key` */
  readonly secrets: { readonly [field: string]: string };
}

/** What stages need to be told of a change. */
export type Announcing = StageContext & { readonly database: Database };

/** What a transaction changes. */
export interface Change {
  /** all that is written through it belongs to the transaction */
  readonly database: Database;
  readonly config: Config;
  /** whose change it is */
  readonly by: string;
  /** takes what to do once the transaction has ended well */
  readonly afterwards: ((context: Announcing) => Promise<void>)[];
  /** takes the secrets that Volt has made, by the name of the target */
  readonly made: Map<string, string>;
}

/** A value that is wrong, and why. */
export interface WrongField {
  /** keys below the entry; empty for its name */
  readonly field: Path;
  readonly message: string;
}

/** What is done with entries of one kind. All that it changes goes through the functions that the single commands use. */
export interface Kind {
  /** where its entries are in the file; `*` stands for a name */
  readonly at: Path;
  readonly schema: z.ZodObject | z.ZodString;
  /** the values of fields that are left out */
  readonly usual: { readonly [field: string]: unknown };
  /** fields whose values are secrets, such as `app.key` */
  readonly secrets: readonly string[];
  /** all that there are */
  read(context: Pick<Change, 'database' | 'config'>): Promise<Entry[]>;
  /** what is wrong with it whatever Volt has already */
  wrong(entry: Entry): WrongField[];
  /** Where other entries are that it names and cannot do without. What is wrong with one of them is said there alone. */
  needs(entry: Entry): Path[];
  /** an entry with what its fields say in one form, so that two of the same meaning are equal */
  normal(entry: Entry): Entry;
  /** Adds it, or changes it from `before`. @throws VoltError as the single command */
  set(change: Change, entry: Entry, before: Entry | undefined): Promise<void>;
  /** whether entries that the settings leave out may be removed */
  readonly isPruned: boolean;
  /** @throws VoltError as the single command */
  remove(change: Change, entry: Entry): Promise<void>;
  /** what the audit log says of a change, as of that of the single command; one of the two entries may be missing */
  audited(before: Entry | undefined, after: Entry | undefined): Audited[];
}

/** A name of what was done, and what to. */
export interface Audited {
  action: string;
  target: string;
}

/** One entry of the audit log for each change, which names the entry. */
export function auditedAs({ add, change, remove }: { add: string; change: string; remove: string }): Kind['audited'] {
  return (before, after) => {
    const action = before === undefined ? add : after === undefined ? remove : change;
    return [{ action, target: (after ?? before)?.names.join(' ') ?? '' }];
  };
}

/** What most kinds do. */
export const plainKind = {
  usual: {},
  secrets: [] as string[],
  isPruned: true,
  wrong: (): WrongField[] => [],
  needs: (): Path[] => [],
  normal: (entry: Entry) => entry,
};
