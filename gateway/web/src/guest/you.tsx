/** The data of a guest and how to delete it; another device; signing out. */

import { text } from "#text";
import { useState } from "preact/hooks";

import { Credentials, Devices } from "../shared/account";
import { api, ask, followDownload, root, type Schemas } from "../shared/api";
import { confirmInWords, Screen, showDay, Trouble } from "../shared/elements";
import type { Me, Membership } from "../shared/session";
import { OtherLanguage } from "../shared/language";
import { leave } from "./farewell";
import { Mine } from "./mine";
import { Notice } from "./notice";
import type { SelfieStatus } from "./selfie";

const EXPORT = `${root}/api/me/export`;

interface Props {
  me: Me;
  /** None: on the start page. */
  event?: Membership;
  status: SelfieStatus;
  onSelfie?: () => void;
  onDeleted: () => Promise<void>;
  onBack: () => void;
  sendsMail?: boolean;
  /** After a change of the event. */
  onEvents?: () => Promise<void>;
}

export function You({ me, event, status, onSelfie, onDeleted, onBack, sendsMail, onEvents }: Props) {
  const [fault, setFault] = useState<unknown>();
  const attempt = (work: () => Promise<unknown>) => () => {
    setFault(undefined);
    work().catch(setFault);
  };

  const deleteSelfie = attempt(async () => {
    if (!(await confirmInWords(text.you.deleteSelfieQuestion, text.you.confirm))) return;
    await ask(api.DELETE("/api/my-selfie"));
    await onDeleted();
  });
  const withdraw = attempt(async () => {
    if (!(await confirmInWords(text.you.withdrawQuestion, text.you.confirmWithdraw))) return;
    await ask(api.DELETE("/api/me/consents"));
    location.reload(); // all face-related state of the page is outdated
  });
  const signOut = attempt(async () => {
    if (!(await confirmInWords(text.you.signOutQuestion, text.you.confirmSignOut))) return;
    await ask(api.DELETE("/api/refresh"));
    leave("signedOut");
  });
  const deleteAll = attempt(async () => {
    if (!(await confirmInWords(text.you.deleteAllQuestion, text.you.confirm))) return;
    await ask(api.DELETE("/api/me"));
    leave("deleted");
  });

  const mayShoot = onSelfie && event && !event.closed;
  const isKept = status.status !== "idle";
  return (
    <Screen heading={text.you.heading}>
      <button type="button" class="quiet" onClick={onBack}>
        {event ? text.you.back : text.camera.back}
      </button>
      {fault ? <Trouble fault={fault} /> : null}
      {(isKept || mayShoot) && (
        <section>
          <h2>{text.you.selfie}</h2>
          {isKept && <img class="selfie" src={`${root}/api/my-selfie`} alt={text.you.selfie} onError={hide} />}
          {mayShoot && (
            <button type="button" onClick={onSelfie}>
              {isKept ? text.gallery.newSelfie : text.you.takeSelfie}
            </button>
          )}
          {isKept && (
            <button type="button" class="danger" onClick={deleteSelfie}>
              {text.you.deleteSelfie}
            </button>
          )}
        </section>
      )}
      <OtherDevice />
      <Devices />
      {me.username && onEvents && (
        <section>
          <Credentials username={me.username} email={me.email} onChange={() => void onEvents()} />
        </section>
      )}
      {event && <ShareEvent event={event} />}
      {event && sendsMail && onEvents && <Notice event={event} onChange={onEvents} />}
      <section>
        {event && <AboutEvent event={event} />}
        {(isKept || event?.consent_version) && (
          <button type="button" class="danger" onClick={withdraw}>
            {text.you.withdraw}
          </button>
        )}
        <p class="quiet">{text.you.downloadDetail}</p>
        <a class="button" href={EXPORT} onClick={(click) => followDownload(click, EXPORT, setFault)}>
          {text.you.download}
        </a>
        <button type="button" onClick={signOut}>
          {text.you.signOut}
        </button>
        <button type="button" class="danger" onClick={deleteAll}>
          {text.you.deleteAll}
        </button>
      </section>
      {event && !event.waiting && <Mine eventId={event.event_id} />}
      <OtherLanguage />
    </Screen>
  );
}

function AboutEvent({ event }: { event: Membership }) {
  return (
    <>
      <h2>{event.name}</h2>
      {event.organisers.length > 0 && <p>{text.you.runBy(event.organisers.join(", "))}</p>}
      <p>{text.you.kept}</p>
      {event.deletes_at && (
        <p>{event.hidden ? text.offer.hiddenUntil(showDay(event.deletes_at)) : text.offer.deletedOn(showDay(event.deletes_at))}</p>
      )}
      {event.expires_at && !event.closed && <p>{text.you.closesOn(showDay(event.expires_at))}</p>}
    </>
  );
}

/** A rejected selfie is not kept: there may be no picture. */
function hide(event: Event & { currentTarget: HTMLImageElement }): void {
  event.currentTarget.hidden = true;
}

function OtherDevice() {
  const [link, setLink] = useState<Schemas["SignInLink"]>();
  const [isCopied, setCopied] = useState(false);
  const [fault, setFault] = useState<unknown>();
  const create = () => {
    setFault(undefined);
    ask(api.POST("/api/me/sign-in-links")).then(setLink, setFault);
  };
  const copy = async (path: string) => {
    await navigator.clipboard?.writeText(location.origin + path);
    setCopied(true);
  };
  return (
    <section>
      <h2>{text.you.otherDevice}</h2>
      {fault ? <Trouble fault={fault} onRetry={create} /> : null}
      {link ? (
        <>
          <p>{text.you.otherDeviceDetail}</p>
          <img class="qr" src={link.qr_svg} alt={text.you.otherDevice} />
          {"clipboard" in navigator && (
            <button type="button" onClick={() => void copy(link.path)}>
              {isCopied ? text.you.copied : text.you.copyLink}
            </button>
          )}
        </>
      ) : (
        <button type="button" onClick={create}>
          {text.you.showCode}
        </button>
      )}
    </section>
  );
}

function ShareEvent({ event }: { event: Membership }) {
  const [isCopied, setCopied] = useState(false);
  const url = `${location.origin}${root}/e/${event.event_code}`;
  const send = async () => {
    if (navigator.share) return void navigator.share({ url }).catch(() => undefined);
    await navigator.clipboard?.writeText(url);
    setCopied(true);
  };
  if (event.closed) return null;
  return (
    <section>
      <h2>{text.you.share}</h2>
      <p class="quiet">{text.you.shareDetail}</p>
      <p class="address">{url}</p>
      {("share" in navigator || "clipboard" in navigator) && (
        <button type="button" onClick={() => void send()}>
          {isCopied ? text.you.copied : "share" in navigator ? text.you.share : text.you.copyLink}
        </button>
      )}
    </section>
  );
}
