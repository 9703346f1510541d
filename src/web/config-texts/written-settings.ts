import { stringify } from 'yaml';
import type { ConfigFile } from '../schemas/config.ts';

/** What stands at the head of a file with settings. */
const head = `# The settings of a Volt CI, written by \`volt config export\`. It contains no secrets: \`secrets\` lists the names of those
# that must be set, and \`{ env: NAME }\` names the variable that is read when the file is applied to a Volt that does not
# have the secret yet. Show what would change: volt config diff FILE. Apply it: volt config apply FILE.
`;

/** The settings as a file of YAML. */
export function writtenSettings(settings: ConfigFile): string {
  return `${head}${stringify(settings, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
