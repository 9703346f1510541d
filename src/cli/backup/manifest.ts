import { z } from 'zod';

/** Stands first in a backup and says what it is. */
export const manifestName = 'manifest.json';

/** The form of backups that this Volt writes, and the only one there is yet. */
export const backupFormat = 1;

export const manifestSchema = z.object({
  volt: z.literal('backup'),
  format: z.number().int(),
  /** version of the Volt that wrote it */
  version: z.string(),
  /** of the record, as migrations.ts counts it */
  schemaVersion: z.number().int(),
  recordId: z.string(),
  createdAt: z.string(),
  host: z.string(),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** What of the data directory is in a backup; the rest, mirrors and work, comes again by itself. */
export const kept = {
  files: ['volt.db', 'token', 'secrets.key'],
  folders: ['logs', 'test_results', 'artifacts'],
} as const;

/** A file in a backup, as a path; undefined where it does not belong there. */
export function partOf(path: string): string | undefined {
  const parts = path.replace(/^\.\//, '').replace(/\/$/, '').split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return undefined;
  const [top = ''] = parts;
  const known = parts.length === 1 ? [...kept.files, ...kept.folders, manifestName] : kept.folders;
  return (known as readonly string[]).includes(top) ? parts.join('/') : undefined;
}
