import { useMemo, useState } from "preact/hooks";
import { Client } from "./api/client.ts";
import { Overview } from "./overview.tsx";
import { SignIn } from "./parts/sign-in.tsx";
import { keep, kept } from "./session.ts";

export function App() {
  const [token, setToken] = useState(() => kept("helix-token"));
  const [problem, setProblem] = useState<string>();
  const enter = (given: string, why?: string) => {
    keep("helix-token", given);
    setToken(given);
    setProblem(why);
  };
  const client = useMemo(
    () =>
      new Client({
        token,
        fetch: (...request) => fetch(...request),
        onStranger: (why) => enter("", why),
      }),
    [token],
  );
  if (token === "") return <SignIn problem={problem} onToken={enter} />;
  return <Overview key={token} client={client} onLeave={() => enter("")} />;
}
