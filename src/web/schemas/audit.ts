import * as z from 'zod';
import { auditEntry } from '../../kernel/model/access-shapes.ts';
import { next } from './paging.ts';
import { name } from './registry.ts';
import { repositoryName } from './terms.ts';

export const auditLog = name('AuditLog', z.object({ entries: z.array(name('AuditEntry', auditEntry)), next }));

const word = z.string().min(1).max(64).optional();
const text = z.string().min(1).max(200).optional();
const time = z.iso
  .datetime({ offset: true })
  .transform((given) => Date.parse(given))
  .optional();
const id = z.coerce.number().int().min(1).optional();

/** What a search in the audit log asks for. */
const auditSearch = {
  actor: word.meta({ description: 'who did it: a name of then, or the name that a person has now' }),
  action: word.meta({ description: 'an action, or how actions begin: builds.cancel, or builds for all of these' }),
  target: text.meta({ description: 'part of what was changed; case does not matter' }),
  address: word.meta({ description: 'network address of the sender, or how it begins' }),
  repo: repositoryName.optional().meta({ description: 'name of a repository' }),
  outcome: auditEntry.shape.outcome.optional(),
  since: time.meta({ description: 'only entries from then on' }),
  until: time.meta({ description: 'only entries from before then' }),
  text: text.meta({ description: 'words that an entry has; case does not matter' }),
};

export const auditQuery = z.object({
  ...auditSearch,
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before: id.meta({ description: 'only entries older than this one' }),
});

export const auditExport = z.object({
  ...auditSearch,
  after: id.meta({ description: 'only entries newer than this one' }),
});
