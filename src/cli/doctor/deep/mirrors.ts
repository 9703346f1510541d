import { basename } from 'node:path';
import { listMirrors, mirrorFault, removeMirror } from '../../../git/mirrors.ts';
import { dataPaths } from '../../../kernel/data-paths.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck } from './check.ts';

/** Whether all that the refs of the mirrors lead to is there. */
export async function mirrorFindings({ config, mend }: DeepCheck): Promise<Finding[]> {
  const mirrors = await listMirrors(dataPaths(config.dataDir).mirrors);
  const findings: Finding[] = [];
  for (const { path } of mirrors) {
    const fault = await mirrorFault(path);
    if (fault === undefined) continue;
    if (mend) await removeMirror(path);
    const remedy = mend
      ? 'Mended: it was removed, and is fetched anew by whoever needs it next.'
      : '`volt doctor --deep --mend` removes it, so that it is fetched anew; do it while no job of it runs.';
    findings.push(warn('mirrors', `${basename(path)} is damaged: ${fault}`, remedy));
  }
  return findings.length > 0 ? findings : [ok('mirrors', `${counted(mirrors.length, 'mirror')} whole`)];
}
