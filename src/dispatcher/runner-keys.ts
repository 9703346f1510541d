import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { adoptRunnerKey, listRunnerKeys } from '../record/runner-keys.ts';
import { publishRunnerKeys } from '../redis/runner-keys.ts';
import { leaveVoltKey, ownRunnerName, publicKeyOfOwnRunner } from '../secrets/runner-key.ts';

/**
 * Takes in the key of the runners that share this data directory, where they have made one, and tells all runners which
 * keys are good for something. Done again it changes nothing.
 */
export async function admitRunners({
  access,
  database,
  config,
}: Pick<StageContext, 'access' | 'config'> & { database: Database }): Promise<void> {
  leaveVoltKey(config.dataDir, database.signer.publicKey);
  const own = publicKeyOfOwnRunner(config.dataDir);
  if (own !== undefined) await adoptRunnerKey(database, ownRunnerName(config.host), own);
  const keys = await listRunnerKeys(database);
  await publishRunnerKeys(access, new Map(keys.map(({ publicKey, name, repos }) => [publicKey, { name, repos }])));
}
