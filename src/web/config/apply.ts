import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../kernel/config.ts';
import { VoltError, withRemedy } from '../../kernel/errors.ts';
import { recordAction } from '../../record/audit.ts';
import type { Database } from '../../record/database.ts';
import { yieldToOthers } from '../../system/event-loop.ts';
import type { ConfigApplied, ConfigDifference, ConfigProblem, SecretValues } from '../schemas/config.ts';
import { differenceOf, type EntryChange } from './difference.ts';
import type { Announcing, Change, Path } from './kind.ts';
import { missingIn, wrongNamesIn } from './needs.ts';
import { isMap, keyOf, keysAround, valueAt } from './paths.ts';
import { givenSecrets, sourceText } from './secrets.ts';
import { digestOf, type Placed, readState, type State } from './state.ts';
import { type Read, readWanted, type Wanted } from './wanted.ts';

/** Settings that a person gives as a whole. */
export interface GivenSettings {
  config: unknown;
  values: SecretValues;
  /** whether entries that only Volt has are removed */
  prune: boolean;
}

/** Who gives them, for the audit log. */
export interface Giver {
  name: string;
  /** id of the person, if it is one */
  person?: number | undefined;
  address: string;
}

type Context = { database: Database; config: Config };

/** What one transaction does to make Volt as the settings say. */
interface Outcome {
  changes: EntryChange[];
  kept: Path[];
  problems: ConfigProblem[];
  digest: string;
  afterwards: Change['afterwards'];
  made: ConfigApplied['made'];
}

/**
 * What would change if the settings were applied: they are, in a transaction that is rolled back, so that every check of the single
 * commands is made.
 * @throws VoltError errors of the key file and of the database
 */
export async function compareSettings({ database, config }: Context, given: GivenSettings): Promise<ConfigDifference> {
  const outcome = await database.rehearse((db) => perform({ database: database.within(db), config }, given, ''));
  const { changes, kept, problems, digest } = outcome;
  return {
    ...(await told(database, given, { changes: problems.length > 0 ? [] : changes, kept })),
    ...{ problems, digest },
  };
}

/**
 * Applies settings in one transaction: all of them, or none.
 * @param digest of the difference that was shown; undefined to apply whatever Volt has
 * @throws VoltError `bad_setting` if something is wrong with them; `conflict` if Volt has changed; errors of the key file and of the
 * database
 */
export async function applySettings(
  context: Announcing,
  given: GivenSettings,
  giver: Giver,
  digest?: string,
): Promise<ConfigApplied> {
  const { database, config } = context;
  const outcome = await database.write(async (db) => {
    const inside = database.within(db);
    const done = await perform({ database: inside, config }, given, giver.name);
    if (digest !== undefined && done.digest !== digest) throw changedMeanwhile();
    if (done.problems.length > 0) throw wrong(done.problems);
    for (const change of done.changes) await audit(inside, giver, change);
    return done;
  });
  for (const announce of outcome.afterwards) await announce(context);
  return { ...(await told(database, given, outcome)), made: outcome.made };
}

async function perform(context: Context, given: GivenSettings, by: string): Promise<Outcome> {
  const wanted = await readWanted(given.config, given.values);
  const problems = [...wanted.problems, ...wrongNamesIn(given.config)];
  const before = await readState(context);
  const left = await leftIn(before, wanted, given.config);
  const change: Change = { ...context, by, afterwards: [], made: new Map() };
  if (given.prune)
    for (const entry of left) problems.push(...(await tried(entry.path, () => entry.kind.remove(change, entry))));
  const failed = new Set(wanted.invalid);
  for (const [key, entry] of wanted.entries) {
    await yieldToOthers();
    if (failed.has(key)) continue;
    const isLeftOut = needsOf(entry).some((each) => failed.has(each));
    const found = isLeftOut ? [] : await set(change, entry, before.get(key));
    problems.push(...found);
    if (isLeftOut || found.length > 0) failed.add(key);
  }
  const made = [...change.made].map(([name, secret]) => ({ path: ['notices', name], secret }));
  return {
    changes: await differenceOf(before, await readState(context)),
    kept: given.prune ? [] : left.map(({ path }) => path),
    ...{ problems, digest: await digestOf(before), afterwards: change.afterwards, made },
  };
}

/** `keyOf` the entries without which an entry cannot be: those around it, and those that it names. */
function needsOf({ path, kind, ...entry }: Wanted): string[] {
  return [...keysAround(path), ...kind.needs(entry).map(keyOf)];
}

/** Adds or changes an entry unless it is so already. @returns what is wrong */
async function set(change: Change, entry: Wanted, before: Placed | undefined): Promise<ConfigProblem[]> {
  if (!before && entry.unset.size > 0) {
    return [...entry.unset].map(([field, source]) => ({
      path: [...entry.path, ...field.split('.')],
      message: `${entry.path.at(-1)} is new, and ${sourceText(source)} where the settings are applied`,
    }));
  }
  const isSame = before && isDeepStrictEqual(before.value, entry.value);
  if (isSame && Object.keys(givenSecrets(entry.secrets, before.secrets)).length === 0) return [];
  return tried(entry.path, () => entry.kind.set(change, entry, before));
}

async function tried(path: Path, work: () => Promise<void>): Promise<ConfigProblem[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof VoltError) || error.exitCode !== badInput) throw error;
    return [{ path: [...path], message: withRemedy(error) }];
  }
}

/** Exit code of errors that say that what a person gives is wrong. */
const badInput = 2;

/** Entries that only Volt has, in the order of their removal. The settings say nothing of sections that they leave out. */
async function leftIn(before: State, { entries, invalid }: Read, settings: unknown): Promise<Placed[]> {
  const left: Placed[] = [];
  for (const [key, entry] of before) {
    await yieldToOthers();
    if (!entry.kind.isPruned || entries.has(key) || invalid.has(key)) continue;
    if (isMap(valueAt(settings, entry.path.slice(0, -1)))) left.push(entry);
  }
  return left.reverse();
}

async function told(
  database: Database,
  { config }: GivenSettings,
  { changes, kept }: Pick<Outcome, 'changes' | 'kept'>,
) {
  return {
    changes: changes.map(({ before, after, ...change }) => change),
    kept: kept.map((path) => [...path]),
    missing: await missingIn(database, config),
  };
}

async function audit(
  database: Database,
  { name, person, address }: Giver,
  { before, after }: EntryChange,
): Promise<void> {
  for (const audited of (after ?? before)?.kind.audited(before, after) ?? [])
    await recordAction(database, { actor: name, person, address, ...audited, status: 200 });
}

function wrong([first, ...others]: readonly ConfigProblem[]): VoltError {
  const more = others.length === 0 ? '' : `, and ${others.length} more ${others.length === 1 ? 'problem' : 'problems'}`;
  return new VoltError('bad_setting', `${first?.path.join('.')}: ${first?.message}${more}`, {
    remedy: 'Nothing was applied. Correct the settings; `volt config diff` shows where.',
  });
}

function changedMeanwhile(): VoltError {
  return new VoltError('conflict', 'the settings of Volt have changed since you saw the difference', {
    remedy: 'Nothing was applied. Look at the difference again, then apply it.',
  });
}
