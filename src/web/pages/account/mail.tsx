import { commitAddresses, noMail } from '../../../kernel/notices.ts';
import type { Account } from '../../schemas/account.ts';
import { Choice } from '../fields/choice.tsx';

/** The form that says to which of their addresses a person gets mail. */
export function MailForm({ account: { addresses, mail } }: { account: Account }) {
  if (addresses.length === 0) {
    return (
      <p class="empty">
        Volt knows no address of yours, and sends you no mail. One that your provider has verified is known when you
        sign in; an administrator can add others.
      </p>
    );
  }
  return (
    <form class="panel fields" method="post" action="/account/mail">
      <Choice
        label="Mail about your commits goes to"
        name="to"
        value={mail ?? commitAddresses}
        options={[
          [commitAddresses, 'the address that the commit has'],
          ...addresses.map((address) => [address, address] as const),
          [noMail, 'nobody: send me no mail at all'],
        ]}
        hint="Owners of a repository see in the log of its notices where mail went."
      />
      <button type="submit">Save</button>
    </form>
  );
}
