import * as z from 'zod';

/** The first file in a backup, which describes it. */
export const manifestName = 'manifest.json';

/** The format of backups that this Volt writes, the only one so far. */
export const backupFormat = 1;

export const manifestSchema = z.object({
  volt: z.literal('backup'),
  format: z.number().int(),
  /** version of the Volt that wrote it */
  version: z.string(),
  /** of the database, see migrations.ts */
  schemaVersion: z.number().int(),
  recordId: z.string(),
  createdAt: z.string(),
  host: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The content of a backup; Volt creates the rest of the data directory again. */
export const kept = {
  files: ['volt.db', 'token', 'secrets.key'],
  folders: ['logs', 'test_results', 'artifacts'],
} as const;

/** The relative path of a file in a backup; undefined where it does not belong there. */
export function partOf(path: string): string | undefined {
  const parts = path.replace(/^\.\//, '').replace(/\/$/, '').split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return undefined;
  const [top = ''] = parts;
  const known = parts.length === 1 ? [...kept.files, ...kept.folders, manifestName] : kept.folders;
  return (known as readonly string[]).includes(top) ? parts.join('/') : undefined;
}
