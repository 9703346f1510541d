import { listRunnerDrains } from '../record/runner-drains.ts';
import { adoptRunnerKey, listRunnerKeys } from '../record/runner-keys.ts';
import type { RunnerMember } from '../redis/membership.ts';
import { publishRunnerRules, repeatRunnerRules } from '../redis/runner-rules.ts';
import { leaveVoltKey, ownRunnerName, publicKeyOfOwnRunner } from '../secrets/runner-key.ts';
import type { DispatcherContext } from './context.ts';

type RulesContext = Pick<DispatcherContext, 'access' | 'config' | 'database'>;

/** How often the rules are read and published before it is left to the next call. */
const mostTries = 3;

/**
 * Publishes to all runners which keys are valid and which runners are drained. Records the key of the runners that share this
 * data directory, if there is one. It is idempotent.
 */
export async function admitRunners({ access, database, config }: RulesContext): Promise<void> {
  leaveVoltKey(config.dataDir, database.signer.publicKey);
  const own = publicKeyOfOwnRunner(config.dataDir);
  if (own !== undefined) await adoptRunnerKey(database, ownRunnerName(config.host), own);
  // another process may have changed and published them since this one has read them
  for (let tries = 0; tries < mostTries; tries++) {
    const [keys, drains] = await Promise.all([listRunnerKeys(database), listRunnerDrains(database)]);
    const admissions = new Map(keys.map(({ publicKey, name, repos }) => [publicKey, { name, repos }]));
    if (!(await publishRunnerRules(access, { admissions, drained: drains.map(({ runner }) => runner) }))) return;
  }
}

/**
 * Repeats the orders to drain and to resume until each runner's heartbeat says that it follows them.
 * @param alive the runners; those of an older version do not say, and know no such orders
 */
export async function pursueDrains(context: RulesContext, alive: readonly RunnerMember[]): Promise<void> {
  const drained = new Set((await listRunnerDrains(context.database)).map(({ runner }) => runner));
  if (!alive.some((runner) => runner.drained !== undefined && runner.drained !== drained.has(runner.name))) return;
  await admitRunners(context);
  await repeatRunnerRules(context.access);
}
