import { basename } from 'node:path';
import { leftAside, listMirrors, mirrorFault, removeMirror } from '../../../git/mirrors.ts';
import { dataPaths } from '../../../kernel/data-paths.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';

/** Whether all that the refs of the mirrors lead to is there. */
export async function mirrorFindings({ config, mend }: DeepCheck): Promise<Finding[]> {
  const folder = dataPaths(config.dataDir).mirrors;
  const mirrors = await listMirrors(folder);
  const findings: Finding[] = [];
  const left = await leftAside(folder, mend);
  if (left.length > 0) {
    const message = `${counted(left.length, 'mirror')} that was being made or removed when its process ended: ${listed(left)}`;
    findings.push(warn('mirrors', message, mended(mend, 'what is left of it is removed')));
  }
  for (const { path } of mirrors) {
    const fault = await mirrorFault(path);
    if (fault === undefined) continue;
    if (mend) await removeMirror(path);
    const how = 'it is removed, and fetched anew by whoever needs it next; do it while no job of it runs';
    findings.push(warn('mirrors', `${basename(path)} is damaged: ${fault}`, mended(mend, how)));
  }
  return findings.length > 0 ? findings : [ok('mirrors', `${counted(mirrors.length, 'mirror')} whole`)];
}
