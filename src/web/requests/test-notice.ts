import { VoltError } from '../../kernel/errors.ts';
import { namedRecipients } from '../../kernel/notices.ts';
import { addGeneralNotice } from '../../record/new-notices.ts';
import { findNoticeTarget } from '../../record/notice-targets.ts';
import { type MaintainerId, takeOverTarget } from '../../record/target-maintainers.ts';
import type { Web } from '../services.ts';

/**
 * Has a notice sent that shows whether a target takes it; to each address that is named there. A target that has stopped, since
 * whoever answered for it owns no more what it hears of, sends again.
 * @param by who tests it, and answers for it then
 * @returns ids of the notices
 * @throws VoltError `not_found`; `bad_request` for mail that goes to committers alone
 */
export async function testTarget(
  { database, queues }: Pick<Web, 'database' | 'queues'>,
  name: string,
  by: MaintainerId,
): Promise<number[]> {
  const { kind, to, options } = await findNoticeTarget(database, name);
  const recipients = namedRecipients({ kind, to, owners: options.owners });
  if (recipients.length === 0) {
    throw new VoltError('bad_request', `${name} has no address to send a test to`, {
      remedy: `Name an owner: \`volt notify set ${name} --owner ADDRESS\`.`,
    });
  }
  const ids = await database.write(async (db) => {
    await takeOverTarget(db, name, by);
    const made: number[] = [];
    for (const recipient of recipients)
      made.push(
        await addGeneralNotice(db, { target: name, recipient, event: 'test', why: 'somebody tests the target' }),
      );
    return made;
  });
  await queues.sendNotices();
  return ids;
}
