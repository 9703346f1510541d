import { leftovers } from '../../backup/leftovers.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed } from './check.ts';

/** Copies of the record that backups have left in the data directory which were killed. */
export async function backupFindings({ config }: DeepCheck): Promise<Finding[]> {
  const left = await leftovers(config, config.dataDir);
  if (left.length === 0) return [ok('backups', 'no backup that was broken off has left anything')];
  const message = `${counted(left.length, 'backup')} that ${left.length === 1 ? 'was' : 'were'} broken off left a copy of the record in ${config.dataDir}: ${listed(left)}`;
  return [warn('backups', message, 'The next `volt backup` removes it.')];
}
