/** Who asks: the kind belongs to the request, the credentials to this tab's session. */
import type { HTMLInputAutoCompleteAttribute } from "react";
import { authKinds, type AuthKind, type Credentials } from "../request-auth.ts";
import { smallInput, smallSelect } from "./small-input.ts";

export interface AuthFieldsProps {
  kind: AuthKind;
  credentials: Credentials;
  onKind(kind: AuthKind): void;
  onChange(fields: Partial<Credentials>): void;
}

export function AuthFields({ kind, credentials, onKind, onChange }: AuthFieldsProps) {
  const field = (name: keyof Credentials, label: string, secret = true, autoComplete: HTMLInputAutoCompleteAttribute = "off") => (
    <input
      key={name}
      aria-label={label}
      placeholder={label}
      type={secret ? "password" : "text"}
      value={credentials[name]}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete={autoComplete}
      // Password keepers would offer to keep it, and to fill in the account's.
      data-1p-ignore
      data-lpignore="true"
      onChange={({ target }) => onChange({ [name]: target.value })}
      className={smallInput}
    />
  );
  return (
    <div className="grid gap-1.5">
      <select
        aria-label="Authorization"
        value={kind}
        onChange={({ target }) => onKind(target.value as AuthKind)}
        className={`${smallSelect} w-fit`}
      >
        {authKinds.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
      {kind === "bearer" && field("token", "Token")}
      {kind === "basic" && (
        <div className="flex gap-1.5">
          {field("user", "User", false)}
          {field("password", "Password", true, "new-password")}
        </div>
      )}
      {kind === "key" && (
        <div className="flex gap-1.5">
          {field("keyName", "Header", false)}
          {field("key", "Key")}
        </div>
      )}
      <p className="text-xs text-muted-foreground">
        {kind === "none" ? "Nothing is sent to say who asks." : "Kept until this tab is closed. The history and copied code leave it out."}
      </p>
    </div>
  );
}
