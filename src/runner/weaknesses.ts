import { ControlGroup, withoutGroups } from '../exec/control-group.ts';
import {
  levelMeaning,
  levelName,
  type SettledIsolation,
  unaskedText,
  unfilteredText,
} from '../exec/isolation-check.ts';
import { type JobNetworks, networksText } from '../exec/network/network-check.ts';
import type { Config } from '../kernel/config.ts';
import { jobsCanBeAnybody, trustsThisMachine } from '../kernel/proxy-sign-in.ts';

/** What keeps the jobs of a runner apart less well than it could, as warnings. */
export async function weaknesses(
  config: Config,
  isolation: SettledIsolation,
  networks: JobNetworks,
): Promise<string[]> {
  const { level, notice, isUnasked, filtersCalls, inContainers } = isolation;
  const found: string[] = [];
  if (notice !== undefined) found.push(`isolation ${levelName(isolation)}: ${notice}; ${levelMeaning(isolation)}`);
  if (isUnasked) found.push(`builds local repositories only: ${unaskedText}`);
  if (level !== 'none' && !filtersCalls) found.push(unfilteredText);
  if (networks.notice !== undefined) found.push(`network: ${networksText(networks)} (${networks.notice})`);
  if (networks.trusted === 'machine' && !inContainers && trustsThisMachine(config))
    found.push(`${jobsCanBeAnybody.message}; see volt doctor`);
  if (config.jobMemory > 0 && !(await ControlGroup.isPossible())) found.push(`${withoutGroups}; see volt doctor`);
  return found;
}
