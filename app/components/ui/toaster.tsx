import { Toast as Primitive } from "@base-ui/react/toast";
import { CircleAlertIcon, CircleCheckIcon, XIcon } from "lucide-react";
import { useEffect } from "react";
import { buttonVariants } from "./button-variants.ts";
import { cn } from "./cn.ts";
import { connectToaster } from "./toast.tsx";

const defaultMs = 5_000;

/** Draws the messages of `toast()`; loaded with the first one. */
export function Toaster() {
  return (
    <Primitive.Provider limit={4}>
      <Primitive.Portal>
        <Primitive.Viewport className="fixed right-4 bottom-4 z-[60] flex w-[calc(100vw-2rem)] max-w-sm flex-col gap-2 outline-none">
          <Messages />
        </Primitive.Viewport>
      </Primitive.Portal>
    </Primitive.Provider>
  );
}

function Messages() {
  const { toasts, add, close } = Primitive.useToastManager();
  useEffect(
    () =>
      connectToaster(({ title, description, type = "info", action, timeoutMs }) => {
        const id = add({
          title,
          description,
          type,
          priority: type === "error" ? "high" : "low",
          timeout: timeoutMs ?? (type === "error" ? defaultMs * 2 : defaultMs),
          ...(action ? { actionProps: { children: action.label, onClick: () => (action.onClick(), close(id)) } } : {}),
        });
      }),
    [add, close],
  );
  return toasts.map((message) => (
    <Primitive.Root
      key={message.id}
      toast={message}
      className="rounded-lg border bg-popover text-popover-foreground shadow-popup transition-[opacity,translate] duration-150 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0"
    >
      <Primitive.Content className="flex items-start gap-2.5 py-3 pr-2 pl-3.5">
        {message.type === "error" && <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-error" />}
        {message.type === "success" && <CircleCheckIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-running" />}
        <div className="min-w-0 flex-1">
          <Primitive.Title className="text-sm font-medium break-words" />
          <Primitive.Description className="text-[13px] break-words text-muted-foreground" />
        </div>
        <Primitive.Action className={cn(buttonVariants({ variant: "outline", size: "sm" }), "-my-0.5")} />
        <Primitive.Close
          aria-label="Dismiss"
          className={cn(buttonVariants({ variant: "ghost", size: "icon-sm" }), "-my-0.5 text-muted-foreground")}
        >
          <XIcon aria-hidden />
        </Primitive.Close>
      </Primitive.Content>
    </Primitive.Root>
  ));
}
