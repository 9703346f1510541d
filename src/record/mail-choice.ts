import { sql } from 'kysely';
import { VoltError } from '../kernel/errors.ts';
import { noMail } from '../kernel/notices.ts';
import type { Database, Sql } from './database.ts';

/**
 * To which of their addresses people have mail sent. Only an address counts that a provider has verified or an administrator has added:
 * Volt sends to none that somebody has merely typed.
 */

/** An address of the person, `none` for no mail, or null: the address of each commit. */
export async function mailChoiceOf(db: Sql, person: number): Promise<string | null> {
  const row = await db
    .selectFrom('people')
    .leftJoin('person_addresses', (join) =>
      join
        .onRef('person_addresses.address', '=', 'people.mail_to')
        .onRef('person_addresses.person_id', '=', 'people.id'),
    )
    .select(['mail_to', 'person_addresses.address'])
    .where('people.id', '=', person)
    .executeTakeFirst();
  return row?.mail_to === noMail ? noMail : (row?.address ?? null);
}

/**
 * What the person has stopped at one of the addresses stays stopped at the chosen one.
 * @param choice as of `mailChoiceOf`
 * @returns the choice, in lower case
 * @throws VoltError `bad_request` for what is no address of the person
 */
export async function chooseMail(database: Database, person: number, choice: string | null): Promise<string | null> {
  const chosen = choice?.toLowerCase() ?? null;
  return database.write(async (db) => {
    if (chosen !== null && chosen !== noMail) {
      const own = db.selectFrom('person_addresses').select('address').where('person_id', '=', person);
      if (!(await own.where('address', '=', chosen).executeTakeFirst())) throw notYours();
      await sql`insert into notice_mutes (target, recipient, repo, branch, muted_at)
        select target, ${chosen}, repo, branch, min(muted_at) from notice_mutes
        where recipient in ${own} group by target, repo, branch
        on conflict do nothing`.execute(db);
    }
    await db.updateTable('people').set({ mail_to: chosen }).where('id', '=', person).execute();
    return chosen;
  });
}

function notYours(): VoltError {
  return new VoltError('bad_request', 'this is not one of your addresses', {
    remedy:
      'Choose one that the page /account lists. A provider that has verified another one tells it when you sign in; an administrator can add it: `volt people address add`.',
  });
}

/** Whether an address is that of a person who gets no mail. */
export async function wantsNoMail({ db }: { db: Sql }, address: string): Promise<boolean> {
  const row = await db
    .selectFrom('person_addresses')
    .innerJoin('people', 'people.id', 'person_addresses.person_id')
    .select('people.id')
    .where('address', '=', address.toLowerCase())
    .where('mail_to', '=', noMail)
    .executeTakeFirst();
  return row !== undefined;
}
