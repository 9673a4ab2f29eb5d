"""A stand-in for the IPPanel service: ``ippanel sandbox`` or ``python -m ippanel_provider.sandbox``.

It serves the Edge API under ``/v1/api``, the legacy REST API under ``/v1``, api2 under ``/api/v1``, a page for people
at ``/`` and its own controls under ``/_sandbox``. Nothing it accepts leaves the machine.

In tests use the ``ippanel_sandbox`` fixture or :func:`.runner.running_sandbox`.

The rooms, and the way a request takes through them::

    server         options, socket, signals              runner, pytest_plugin   start one from a test; standard library
                                                         defaults   what both sides know
      door         names it answers under, sites that may ask, sizes       certificates   for --tls
      app          which part serves a path                                cross_origin   scripts of allowed sites
        serving    reads a request, lets faults strike, answers         wire     Call, Reply, Route: what handlers see
          edge/    the Edge API, a module a chapter; edge/sending/ the forms of a send, by sending_type
          rest/    the legacy REST API                api2     a third one, that clients of others speak
          takes    the fields a route declares; edge/fields checks them       sending   what faults change about a send
        openapi    the document of all calls, made from the routes and the fields each declares
        control    /_sandbox/… (staff: the people around the service)     live      server-sent events
        web/       the pages
            panel    how this panel shows texts, people, counts and times, by its service profile
            state      the account and everything that changes it
              acceptance  a request becomes priced bulks, one by one or a batch of them in columns
              outbox   accepted bulks    outbox_report   the report and its index    lifecycle   states by time
              bulk_ids   ids, with gaps or in two ranges    later    requests that are kept back
              journal  changes as calls that can be made again      state_file  where they are written down
              duplicate_guard  the same text twice    faults     faults on demand    clock    time, under control
              logins, patterns, phonebooks, people, tickets, drafts     a store an idea
              geography, bank                     provinces and trades; numbers made up by arithmetic
              sheets, contact_sheets              csv and xlsx files          totp    an authenticator's codes
              records, prices, examples/          data, rial a part, the demo account

**A new chapter** is a module in ``edge/`` with handlers ``(Call) -> Reply`` and a tuple ``routes``, named in
``edge.CHAPTERS``; what it takes stands on its route (:mod:`.edge.fields`), what it refuses it raises as
:class:`.wire.Denied` (``edge.envelope`` has the words). **A new form of a send** is a function ``(Call) -> Submission``
named in ``edge.sending.FORMS``. **Another API** is an :class:`.wire.Api` named in ``app.APIS``. What changes the
account is a method marked ``change`` of :class:`.state.Sandbox` or of another :class:`.journal.Store`.

**Credentials**: the key ``sandbox-key`` (``--api-key``), or user ``ippanel`` with password ``sandbox-password``. The
line is ``+983000505``; without ``--empty`` there are more, and bulks, phonebooks, patterns, tickets, users and drafts
under the ids the documents print.

**State**: with ``--state FILE`` every change is in the file before it is answered, survives ``kill -9``, and is made
again at the next start; the clock goes on meanwhile. ``/_sandbox/reset`` empties it. Faults and counts of requests are
not kept. Against a loss of power nothing is done. Other options than the first time apply from the start on, as if it
had always been so.

**Two-factor logins**: the account's ``two_factor`` is ``login``, ``sms`` or ``ga``. Codes that would be texted (to
``mobile``) stand under ``/_sandbox/codes``, those of ``ga`` come from ``totp_secret``. A step survives five wrong
codes.

**Imports and exports** are jobs: ``pending`` for one second of service time, ``processing`` for another, then ``done``.
The file of an export is under ``/_sandbox/exports/1``, the sample of an import under
``/_sandbox/phonebooks/ID/sample``.

**Timing**: a bulk goes through 0, 1, 5, 2 to 6 in two seconds of service time and its recipients through 0 and 1 to 2
in another 1.5 (:class:`.lifecycle.Timing`); ``--pace 0`` makes everything final at once, ``--speed`` and
``/_sandbox/clock`` move the clock. A bulk with a ``send_time`` waits for it in state 5.

**Special numbers** (:mod:`.lifecycle`): a recipient ending in ``993`` is not delivered and one in ``994`` is
blacklisted; every other one is delivered. ``+989000000100`` stays in status 0 and ``+989000000101`` in 1 for ever.
``+989000000003``, ``…004``, ``…008`` and ``…009`` make their whole bulk end in state 3, 4, 8 or 9. The fault
``outcome`` does the same to any text.

**Which panel it is** says a service profile (:mod:`ippanel_provider.service_profile`): ``--profile FILE``, ``POST
/_sandbox/profile``, the page ``/panel``. Set ``clock_offset`` before anything is sent: a clock that is turned back
shows states of before.

**Choices where the service is unknown** are facts of that profile, or settings of the account (``POST
/_sandbox/account``): ``without_credit``, ``unauthorized_body``, ``alternates``, ``api2_key``, ``api2_statuses``;
``local_numbers`` and ``duplicate_guard`` (seconds) there are two facts by their older names. The guard refuses a whole
request when any of its texts repeats one accepted before. A bulk that ends badly or is cancelled costs nothing. The
legacy REST API and api2 take numbers in any spelling and refuse a send with one that is none; errors that are no
credential's are 400, 422 by field, 404 or 429. The fault ``refused`` takes any ``code``. A file with a row that is no
mobile number is refused as a whole (an import leaves such rows out). Options given in a change of a contact replace all
it had, what is not given stays. Who is no reseller gets 403 where resellers are needed. A wrong password is the
documented 401 always, a wrong token the one chosen. Single alternates are switched off by ``without_alternates``;
``/_sandbox/stats`` counts their use under ``alternates``."""
