import { useLayoutEffect, useRef, useState } from "preact/hooks";

interface SignInProps {
  /** Why the one before is not taken. */
  readonly problem: string | undefined;
  readonly onToken: (token: string) => void;
}

export function SignIn({ problem, onToken }: SignInProps) {
  const [typed, setTyped] = useState("");
  const [isOdd, setOdd] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // A page that has had something else in it does not obey `autofocus`.
  useLayoutEffect(() => field.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    const token = typed.trim();
    // Nothing else can be sent in a header.
    const isWord = /^[\x21-\x7e]+$/.test(token);
    setOdd(!isWord);
    if (isWord) onToken(token);
  };
  const told = isOdd ? "A token is one word of letters, digits and signs, without spaces." : problem;
  return (
    <main class="sign-in">
      <h1>Helix replay</h1>
      <form class="card" onSubmit={submit}>
        {told !== undefined && (
          <p class="problem" role="alert">
            {told}
          </p>
        )}
        <label>
          Token of the admin API
          <input
            type="password"
            name="token"
            autocomplete="off"
            spellcheck={false}
            required
            ref={field}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <p class="quiet">It is kept in this tab until it is closed, and goes to this pod alone.</p>
        <button type="submit" class="primary">
          Look
        </button>
      </form>
    </main>
  );
}
