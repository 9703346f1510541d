/** What stands in place of a list of repositories if there is none that the reader may see. */
export function NoRepositories({ signedIn }: { signedIn: boolean }) {
  // do not reveal whether there are repositories that need a token
  if (!signedIn) return <p class="empty">No repositories yet, or none that you can see without signing in.</p>;
  return (
    <p class="empty">
      No repositories yet, or none that your token can read. <a href="/repos/new">Add one</a>, or type{' '}
      <code>volt repo add NAME PATH-OR-URL</code>.
    </p>
  );
}
