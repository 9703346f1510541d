import { localActor, recordLocalAction } from '../../record/local-actions.ts';
import { applySettings, compareSettings } from '../../web/config/apply.ts';
import { appliedLines, paintedLines } from '../config/painted-lines.ts';
import { badFile, readSettingsFile } from '../config/settings-file.ts';
import type { RecordContext } from '../stage.ts';
import { print } from '../terminal.ts';

/**
 * Makes Volt as a file says, before its stages start.
 * @throws VoltError `bad_setting` if something is wrong with the file; then nothing is applied
 */
export async function applySettingsFile(context: RecordContext, name: string): Promise<void> {
  const file = readSettingsFile(name);
  const given = { config: file.config, values: file.values, prune: false };
  const { problems, digest } = await compareSettings(context, given);
  if (problems.length > 0) throw badFile(name, file.located(problems));
  const applied = await applySettings(context, given, { name: localActor(context.config.host), address: '' }, digest);
  for (const line of [...paintedLines(applied), ...appliedLines(applied)]) print(line);
  if (applied.changes.length > 0)
    await recordLocalAction(context.database, context.config, { action: 'config.apply', target: name });
}
