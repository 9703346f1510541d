import { adoptRunnerKey, listRunnerKeys } from '../record/runner-keys.ts';
import { publishRunnerKeys } from '../redis/runner-keys.ts';
import { leaveVoltKey, ownRunnerName, publicKeyOfOwnRunner } from '../secrets/runner-key.ts';
import type { DispatcherContext } from './context.ts';

/**
 * Records the key of the runners that share this data directory, if there is one, and publishes the valid keys to all
 * runners. It is idempotent.
 */
export async function admitRunners({
  access,
  database,
  config,
}: Pick<DispatcherContext, 'access' | 'config' | 'database'>): Promise<void> {
  leaveVoltKey(config.dataDir, database.signer.publicKey);
  const own = publicKeyOfOwnRunner(config.dataDir);
  if (own !== undefined) await adoptRunnerKey(database, ownRunnerName(config.host), own);
  const keys = await listRunnerKeys(database);
  await publishRunnerKeys(access, new Map(keys.map(({ publicKey, name, repos }) => [publicKey, { name, repos }])));
}
