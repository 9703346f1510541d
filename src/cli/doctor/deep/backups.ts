import { leftovers, removeLeftovers } from '../../backup/leftovers.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';

/** Copies of the record that backups have left in the data directory which were killed. */
export async function backupFindings({ config, mend }: DeepCheck): Promise<Finding[]> {
  const left = await leftovers(config, config.dataDir);
  if (left.length === 0) return [ok('backups', 'no backup that was broken off has left anything')];
  const message = `${counted(left.length, 'backup')} that ${left.length === 1 ? 'was' : 'were'} broken off left a copy of the record in ${config.dataDir}: ${listed(left)}`;
  if (mend) await removeLeftovers(config, config.dataDir);
  return [warn('backups', message, mended(mend, 'it is removed'))];
}
