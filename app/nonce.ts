import { createContext, useContext } from "react";

/** The nonce of this page's Content-Security-Policy. Empty in the browser, which hides nonces and needs none. */
export const NonceContext = createContext("");
export const useNonce = (): string => useContext(NonceContext);
