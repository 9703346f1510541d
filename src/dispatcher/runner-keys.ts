import type { StageContext } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { adoptRunnerKey, listRunnerKeys } from '../record/runner-keys.ts';
import { publishRunnerKeys } from '../redis/runner-keys.ts';
import { leaveVoltKey, ownRunnerName, publicKeyOfOwnRunner } from '../secrets/runner-key.ts';

/**
 * Takes in the key of the runners that share this data directory, where they have made one, and tells all runners which
 * keys are good for something. Done again it changes nothing.
 */
export async function admitRunners({
  access,
  record,
  config,
}: Pick<StageContext, 'access' | 'config'> & { record: Record }): Promise<void> {
  leaveVoltKey(config.dataDir, record.signer.publicKey);
  const own = publicKeyOfOwnRunner(config.dataDir);
  if (own !== undefined) await adoptRunnerKey(record, ownRunnerName(config.host), own);
  const keys = await listRunnerKeys(record);
  await publishRunnerKeys(access, new Map(keys.map(({ publicKey, name, repos }) => [publicKey, { name, repos }])));
}
