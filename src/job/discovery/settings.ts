import * as z from 'zod';
import { labelPattern } from '../../kernel/names.ts';
import { fullImageName } from '../../workflow/containers/image-name.ts';
import type { TreeListing } from './packed-tree.ts';

/** The file in the root of a repository that says how it is tested. */
export const settingsFile = '.volt.yml';

/** Characters of it that Volt reads. */
export const longestSettings = 100_000;

const value = z.union([z.string().max(10_000), z.number(), z.boolean()]).transform(String);
/** Shorter than a command that runners take, since Volt puts a line before it. */
const command = z.string().trim().min(1).max(9_000);

function isImage(text: string): boolean {
  try {
    fullImageName(text);
    return true;
  } catch {
    return false;
  }
}

/** What `.volt.yml` may say. Each key is optional. */
export const settingsSchema = z
  .strictObject({
    command: command.meta({
      description: 'Shell command that runs the tests, instead of workflow files and what Volt discovers.',
    }),
    install: command.meta({
      description: 'Shell command that installs what the tests need, instead of what Volt discovers.',
    }),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/), value).meta({
      description: 'Environment variables of the jobs. Builds of an untrusted ref use those of the default branch.',
    }),
    reports: z
      .array(
        z
          .string()
          .trim()
          .min(1)
          .max(1000)
          .regex(/^(?!(.*\/)?\.\.(\/|$))[^\0]*$/),
      )
      .max(50)
      .meta({
        description: 'Globs of files with results of single tests, relative to the root of the repository.',
      }),
    image: z
      .string()
      .trim()
      .refine(isImage, { error: 'must be an image such as node:22 or registry.example/team/image:tag' })
      .meta({
        description:
          'Container image that the jobs run in. Builds of an untrusted ref use that of the default branch. The image of the repository in Volt goes before it.',
      }),
    timeout: z.number().positive().max(35_000).meta({
      description: 'Minutes after which a job is stopped and counts as failed.',
    }),
    labels: z.array(z.string().regex(labelPattern)).max(20).meta({
      description:
        'Labels that a runner of the jobs must have. Builds of an untrusted ref use those of the default branch.',
    }),
  })
  .partial()
  .meta({ title: 'Volt: how this repository is tested' });

export type RepositorySettings = z.infer<typeof settingsSchema>;

/** The text of a commit's `.volt.yml`; null if it is too large or a symbolic link, undefined if there is none. */
export function settingsIn({ files, texts }: Pick<TreeListing, 'files' | 'texts'>): string | null | undefined {
  if (!files.some(({ path }) => path === settingsFile)) return undefined;
  const text = texts.find(([path]) => path === settingsFile)?.[1];
  return text === undefined || text.length > longestSettings ? null : text;
}
