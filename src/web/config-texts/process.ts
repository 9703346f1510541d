import { serveTasks } from '../../system/task-server.ts';
import type { ConfigTask, ConfigTextAnswer } from './config-texts.ts';
import { readSettingsText } from './settings-text.ts';
import { writtenSettings } from './written-settings.ts';

/** The process of config-texts.ts. */
serveTasks((task: ConfigTask): ConfigTextAnswer => {
  if ('write' in task) return { text: writtenSettings(task.write) };
  const read = readSettingsText(task.read);
  if ('problems' in read) return { problems: read.problems };
  return { config: read.config, problems: read.located(task.problems) };
});
