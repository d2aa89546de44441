### The words of the pages and documents in English. The keys are the same as in fr.ftl.

## Frame
skip-to-content = Skip to content
main-navigation = Main navigation
breadcrumb = You are here
language = Language
language-en = English
language-fr = French
theme-toggle = Switch between light and dark
sign-out = Sign out
foot = Times are in UTC. What you open here is recorded in the audit log.
nav-portfolio = Overview
nav-clients = Clients
nav-models = Models
nav-drift = Data drift
nav-audit = Audit log
nav-administration = Administration
role-admin = administrator
role-adviser = adviser
role-analyst = risk analyst
role-compliance = compliance officer
notice-scored = The client has been scored again.
notice-signed-out = You are signed out.
notice-session-expired = Your session has ended. Sign in again to go on.
notice-key-created = The API key has been created.
notice-key-revoked = The API key has been revoked.
notice-drift-computed = The drift has been computed.
notice-user-disabled = The user has been disabled; their sessions have ended.
notice-user-enabled = The user may sign in again.
notice-settings-saved = The settings have been saved.
notice-password-changed = Your password has been changed. Your other sessions and your access tokens have ended.
notice-password-set = Your password has been set. Sign in with it.
notice-signed-out-everywhere = You are signed out everywhere. Your access tokens have ended, too.
notice-language-saved = The language has been saved.
notice-key-approved = The key has been approved and works from now on.
notice-key-approved-in-part = Your part of the key has been approved. It works once the rest has been approved, too.
notice-key-refused = The key has been refused. It will never work.

## Words used everywhere
any = Any
yes = yes
no = no
not-known = not known
never = never
search = Search
show = Show
results = Results
close = Close
name = Name
email = E-mail
password = Password
role = Role
state = State
active = active
disabled = disabled
actions = Actions
value = Value
when = When
day = Day
by = By
from = From
to = To
client = Client
clients = Clients
age = Age
income = Income
credit = Credit
feature = Feature
features = Features
decision = Decision
decisions = Decisions
decided = Decided
model = Model
portfolio = Portfolio
threshold = Threshold
probability-of-default = Probability of default
outcome-granted = Credit granted
outcome-refused = Credit refused
outcome-not-scored = Not scored
contribution = Contribution
details = Details
digest = Digest
group = Group
rows = Rows
created = Created
version = version { $version }
version-short = v{ $version }
version-heading = Version
missing-share = Missing
show-as-table = Show as a table
data-table = Data of the chart
clear-filters = Clear the filters
pages = Pages
pages-below = Pages, below the list
previous = Previous
next = Next
page-of = page { $page } of { $pages }
results-count = { $n ->
    [0] Nothing found
    [one] { $n } result
   *[other] { $n } results
}

## Units
unit-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
unit-months = { $n ->
    [one] { $n } month
   *[other] { $n } months
}
unit-years = { $n ->
    [one] { $n } year
   *[other] { $n } years
}
unit-hour = { $n }:00

## Sign in
sign-in = Sign in
sign-in-what = Credit decisions that can be explained and proved.
sign-in-button = Sign in
sign-in-error-wrong-credentials = This e-mail and password do not belong together.
sign-in-error-too-many-attempts = Too many attempts. Wait a few minutes, then try again.
sign-in-error-form-expired = The form was open for too long. Try again.
demo-logins = Demonstration: anyone may use these

## Errors
error-400 = This request cannot be read
error-400-what = Something in the address or the form is not as it should be. Go back and try again.
error-401 = Please sign in
error-401-what = This page is only for people who are signed in.
error-403 = Not permitted
error-403-what = Your role does not include this. The administrator of your bank can change it.
error-404 = Not found
error-404-what = There is nothing at this address in your bank, or there no longer is.
error-408 = The request took too long
error-408-what = It did not arrive in time. Try again.
error-409 = Changed meanwhile
error-409-what = Someone else changed this at the same time. Open it again and look at what it is now.
error-413 = Too large
error-413-what = What was sent is larger than this page takes.
error-422 = This cannot be done as asked
error-422-what = What was sent is readable, but does not fit. Nothing has been stored.
error-429 = Too many requests
error-429-what = Wait a minute, then try again.
error-500 = Something went wrong on our side
error-500-what = Nothing has been lost. Try again; if it happens again, quote the number below.
error-503 = Not available just now
error-503-what = The service has too much to do just now, or its database does not answer. Try again in a moment.
error-other = This did not work
error-other-what = The server answered with status { $status }.
error-home = To the overview
request-id = Request

## Overview
last-decision = Last decision { $date }
scored-count = { $n } scored
grant-rate = Grant rate
granted-of = { $granted } of { $scored }
mean-pd = Mean probability of default
pd-histogram-title = Clients by probability of default
per-day-title = Decisions per day

## Clients
clients-search = Client
clients-search-hint = Number or part of a name
clients-caption = Clients with their last decision
clients-none = No clients yet
clients-none-what = This bank's portfolio is empty. Clients come in through the API or from files:
clients-no-match = No client matches
clients-no-match-what = Try a shorter part of the number or name, or fewer filters.
last-scored = Last scored
pd-bar-legend = The bar shows the probability of default on a square-root scale from 0% to 100%; the upright line is the threshold, at and above which credit is refused.

## Client file
client-title = Client { $id }
compare = Compare
compare-short = compare
compare-feature = Compare: { $label }
score-first = Score
score-again = Score again
client-not-scored = Not scored yet
client-not-scored-what = There is no decision for this client. Score the client to see the probability of default and its reasons.
gauge-summary = Probability of default { $pd }, threshold { $threshold }
gauge-threshold = threshold { $threshold }
decision-granted-why = The probability of default, { $pd }, is below the threshold of { $threshold }.
decision-refused-why = The probability of default, { $pd }, is at or above the threshold of { $threshold }.
decision-outdated = Another model version has been put in service since. Score again to use it.
reasons = Why
subjects = By subject, in log-odds
reasons-raise = What raises the risk
reasons-lower = What lowers the risk
reasons-none = Nothing that weighs much.
reason-fact = { $label }: { $value }
reason-fact-standing = { $fact }, { $standing }.
reason-fact-alone = { $fact }.
standing-lower = lower than { $share } of clients
standing-higher = higher than { $share } of clients
standing-middle = near the middle of all clients
standing-shared = like { $share } of clients
reason-raises-slightly = This slightly raises the risk.
reason-raises = This raises the risk.
reason-raises-strongly = This strongly raises the risk.
reason-lowers-slightly = This slightly lowers the risk.
reason-lowers = This lowers the risk.
reason-lowers-strongly = This strongly lowers the risk.
raises-the-risk = raises the risk
lowers-the-risk = lowers the risk
contributions = Contributions
contributions-by = Contributions by
contributions-what = From the base value to this client, in log-odds. Each bar is one contribution; together they make the score exactly.
by-feature = By feature
family-other = Other features
by-family = By family
waterfall-title = From the base value to the client's score
waterfall-summary = Waterfall of the contributions; the same numbers are in the table below
waterfall-base = Base value
waterfall-margin = This client
waterfall-axis = log-odds of default
waterfall-others = { $n ->
    [one] { $n } other
   *[other] { $n } others
}
running-total = Running total
information = Information
information-what = Open a label for what it means. The ranks say how many clients are below this one.
information-filter = Filter the information
information-label = Information
information-missing = { $n } not known
rank-all = Rank, all
rank-similar = Rank, similar
history = Decisions on this client
shown = Explanations shown
shown-none = No explanation has been shown yet.
shown-to = To
shown-where = Where
channel-page = page
channel-api = API
channel-letter = letter
audit-entry = Audit entry
explanation = Explanation

## Client file, what would change the decision
counterfactual = What would change the decision
counterfactual-what = The smallest changes within what the client can change with which this version of the model would have granted the credit. Each is scored again before it is shown. It is no promise: a new application is decided anew.
counterfactual-ask = Search for changes
counterfactual-again = Search again
counterfactual-proposal = With { $changes }, the credit would have been granted (probability of default { $pd }, threshold { $threshold }).
counterfactual-consequence = { $label }: { $to } instead of { $from }.
counterfactual-none = None of the { $n } combinations of what the client can change would have led to a grant.
counterfactual-none-found = Among { $n } combinations of what the client can change, none was found that would have led to a grant.
counterfactual-nothing-to-move = There is nothing in this application that the client can change.
counterfactual-tried = What was tried
counterfactual-tried-range = { $label }: from { $least } to { $greatest }
counterfactual-outdated = Features are computed in another way since this decision. Score the client again, then search.
list-and = { $first } and { $last }

## Comparison
comparison-title = Client { $id } compared
back-to-file = Back to the file
comparison-choose = What to compare
features-filter = Filter the features
similar-how-many = Similar clients
similar-chosen = How similar clients are chosen
similar-chosen-what = The { $k } clients out of { $n } whose values lie nearest to this one's on these features, amounts by their logarithm, each scaled by its spread:
comparison-none = Choose a feature
comparison-none-what = Its distribution among all clients and among similar clients appears here.
above-all = above { $share } of all clients
above-similar = above { $share } of similar clients
histogram-title = Distribution, with the client marked
histogram-summary = Distribution among all and among similar clients; the same numbers are in the table below
histogram-client = This client: { $value }
histogram-axis = share of clients
group-client = This client
group-all = All clients
group-similar = Similar clients
group-granted = Granted
group-refused = Refused
medians-of = { $label }: medians
median = Median
most-frequent = Most frequent
quartiles = Quartiles

## Models
models-none = No model yet
models-none-what = A risk analyst trains the first one on the command line:
alias-since = since { $date }, { $by }
versions-of = Versions of { $name }
algorithm = Algorithm
auc = AUC
created-by = made { $date } by { $by }
note = Methodological note
metrics = Metrics
auc-what = 0.5 is chance, 1 is perfect
average-precision = Average precision
chance-is = chance is { $value }
brier = Brier score
log-loss = Log loss
lower-is-better = lower is better
costs-are = missed default { $fn }, good client refused { $fp }
cost-per-client = Cost per client
metrics-measured = Measured by cross-validation on { $rows } clients the model had not seen, { $defaults } of whom defaulted ({ $rate }).
roc-title = ROC curve
roc-x = Good clients refused
roc-y = Defaults found
roc-model = Model
roc-chance = Chance
at-the-threshold = At the threshold
calibration-title = Calibration
calibration-summary = Predicted probability against observed default rate; the same numbers are in the table below
calibration-x = Predicted probability
calibration-y = Observed default rate
calibration-model = Model
calibration-perfect = Perfect
cost-title = Business cost by threshold
cost-chosen = Chosen threshold
cost-mark = { $threshold }, cost { $cost }
granted-share = Granted
missed-defaults = Defaults missed
refused-good = Good refused
importance-title = Global contributions
importance-summary = Mean absolute contribution of the most important features; the same numbers are in the table below
importance-axis = Mean absolute contribution (log-odds)
candidates = Candidates compared
candidates-what = Stratified cross-validation with { $folds } folds; every candidate saw the same folds. Chosen is the highest AUC; a weighted candidate is only shown, because weights move margins away from the log-odds in which contributions are read.
candidate = Candidate
candidate-dummy = Default rate for everyone
candidate-scorecard = Scorecard
candidate-boosting = Gradient boosting
candidate-boosting-weighted = Gradient boosting, weighted
candidate-boosting-monotone = Gradient boosting, monotone
candidate-imported = Imported model
candidate-what-imported = Trained elsewhere, and measured here on labelled clients.
candidate-what-dummy = The default rate of the training rows for every client.
candidate-what-scorecard = Logistic regression on the weight of evidence of monotone bins.
candidate-what-boosting = Gradient boosted trees on all features.
candidate-what-boosting-weighted = Gradient boosted trees in which defaults weigh as much in total as good clients.
candidate-what-boosting-monotone = Gradient boosted trees that follow the dictionary's directions of risk.
imbalance = Imbalance
imbalance-dummy = none needed
imbalance-scorecard = no weights; the threshold takes the costs into account
imbalance-imported = as the model was trained
imbalance-boosting = no weights; the threshold takes the costs into account
imbalance-boosting-weighted = each default weighs { $ratio } good clients
imbalance-boosting-monotone = no weights; the threshold takes the costs into account
candidate-boosting-tuned = Gradient boosting, tuned
candidate-what-boosting-tuned = Gradient boosted trees with searched settings.
imbalance-boosting-tuned = no weights; the threshold takes the costs into account
chosen = chosen
training-data = Training data
defaults = Defaults
seed = Seed
data-fingerprint = Data fingerprint
features-digest = Features digest
code-version = Code version
tables = Tables
table = Table
file = File
table-absent = not there
parameters = Parameters
interval = { $low } – { $high }
intervals-what = Ranges are 95% bootstrap intervals from { $n } resamples of the clients.
imported-from = Imported from a { $source } file, { $file }: what it was trained on is not known here.
on-this-page = On this page
measure = Measure
rounds = Rounds
default-rate = Default rate
mean-pd-short = Mean PD
expected-calibration-error = Calibration error
calibration-method = Method
calibration-method-none = None
calibration-method-platt = Platt
calibration-method-isotonic = Isotonic
lift-title = Lift
lift-share = Riskiest clients
lift-times = Times the default rate
lift-captured = Defaults among them
lift-what = Of the clients with the highest probabilities: how many times the overall default rate they have, and what share of all defaults is among them.
explorer-label = Try another threshold
explorer-tried = Tried threshold
explorer-reset = Back to the chosen one
explorer-difference = Cost against the chosen threshold
confusion-caption = Clients by decision and outcome
confusion-repaid = Repaid
confusion-defaulted = Defaulted
confusion-refused = Refused
beeswarm-heading = Contributions client by client
beeswarm-title = Contributions client by client
beeswarm-summary = One dot per client and feature, placed by contribution and shaded by value; the means are in the table below
beeswarm-axis = lowers the risk ← contribution (log-odds) → raises the risk
beeswarm-key = smallest to largest value
beeswarm-key-missing = no value, or a category
beeswarm-low = Mean, lowest third
beeswarm-high = Mean, highest third
beeswarm-missing = Mean, no value
dependence-title = Partial dependence
dependence-what = The mean probability of default of a sample of training rows when one feature is set, for all of them, to one value after the other and everything else stays as it is. Where two features go together some of these combinations do not occur; read the shape, not the last percent.
dependence-summary = { $label }: mean probability from { $least } ({ $at-least }) to { $most } ({ $at-most })
dependence-key = All plots share one scale. The dashed line is the default rate, { $rate }. Points stand at evenly spaced ranks: from one to the next there are about as many clients. An open dot (∅) is a missing value.
dependence-levels-hidden = { $n ->
    [one] and { $n } rarer category
   *[other] and { $n } rarer categories
}
search-plot = Log loss by the value of
search-logarithmic = (logarithmic)
search-key = Each dot is a setting that was tried, its log loss upwards: lower is better. Filled dots were given more boosting after the first round; open ones went out with little, so their loss is higher for that reason too. The diamond was chosen.
search-folded = { $n ->
    [one] The { $n } setting that was tried
   *[other] The { $n } settings that were tried
}
slices-title = Stability by group
slices-caption = Measures by group of clients
slices-what = The same predictions, group by group. A group is marked when its AUC lies below that of all clients, or its default rate away from the mean PD, by more than three standard errors, which chance alone does about once in 400 times; nothing is said of groups with fewer than { $few } defaults. Very small groups are left out.
slices-key = First plot: the AUC with its 95% interval (Hanley and McNeil, 1982), the upright line is that of all clients. Second plot: the open dot is the default rate with its 95% interval (Wilson), the upright stroke the mean predicted probability.
slices-none = This version's package holds no measures by group.
slice-named = { $label } ({ $value })
slices-folded = { $n ->
    [one] { $n } more feature, with nothing to notice
   *[other] { $n } more features, with nothing to notice
}
slice-protected = (protected by law)
slice-flag-few = too few to tell
slice-flag-ranks-worse = ranks worse
slice-flag-underestimated = more defaults than predicted
slice-flag-overestimated = fewer defaults than predicted
waterfall-sum = Margin

## Drift
drift-what = Compares the clients of today with those the model was trained on.
drift-populations = { $current } against { $reference }
drift-reference = Reference
drift-current = Current
drift-compute = Compute
drift-download = Download as one file
drift-none = Nothing computed yet
drift-none-what = Choose the two populations above and compute.
drift-rows-reference = Reference clients
drift-rows-current = Current clients
drift-computed = Computed { $date } by { $by }.
drift-reading = A stability index (PSI) below 0.10 reads stable, from 0.10 moderate, from 0.25 strong, after taking off what chance alone gives with so many clients.
drift-caption = Drift by feature, worst first
verdict = Verdict
verdict-stable = stable
verdict-moderate = moderate
verdict-strong = strong
jensen-shannon = Jensen-Shannon distance
test = Test
test-kolmogorov-smirnov = KS
test-chi-square = χ²
p-adjusted = p
p-adjusted-what = p-value corrected for the number of features tested
drift-distribution-heading = Distribution
drift-distribution = Distribution in the reference and in the current population
drift-bin = { $label }: { $reference } → { $current }
drift-key-reference = reference
drift-key-current = current
drift-left-out = { $n ->
    [one] { $n } feature left out
   *[other] { $n } features left out
}

## Audit log
audit-what = Every decision, every explanation shown and every change, newest first.
audit-number = No.
audit-actor = Who
audit-action = What
audit-subject = Client or subject
audit-event = Entry { $n }
audit-none = No entry matches
address = Address
previous-digest = Previous digest
actor-user = person
actor-api-key = API key
actor-operator = operator
actor-system = system
action-signed-in = Signed in
action-sign-in-failed = Sign-in failed
action-signed-out = Signed out
action-token-issued = Token issued
action-access-denied = Access denied
action-tenant-created = Bank created
action-user-created = User created
action-user-disabled = User disabled
action-user-enabled = User enabled
action-api-key-created = API key created
action-api-key-revoked = API key revoked
action-clients-imported = Clients imported
action-client-created = Client created
action-client-changed = Client changed
action-client-viewed = Client viewed
action-clients-scored = Clients scored
action-model-trained = Model trained
action-model-imported = Model imported
action-alias-moved = Alias moved
action-decision-made = Decision made
action-decision-viewed = Decision viewed
action-explanation-shown = Explanation shown
action-counterfactual-shown = Changes to the decision shown
action-drift-computed = Drift computed
action-log-viewed = Log viewed
action-signed-out-everywhere = Signed out everywhere
action-password-changed = Password changed
action-password-link-made = Password link made
action-password-link-used = Password set through a link
action-language-changed = Language changed
action-api-key-approved = API key approved
action-api-key-refused = API key refused

## Administration
users = Users
last-sign-in = Last sign-in
enable = Enable
disable = Disable
api-keys = API keys
keys-none = No API key yet.
scopes = Scopes
last-used = Last used
revoke = Revoke
revoke-confirm = Revoke the key { $name }? Systems that use it stop working at once.
key-state-active = active
key-state-waiting = waiting for approval
key-state-expired = expired
key-state-revoked = revoked
key-state-refused = refused
key-made-by = Made by
key-approved-by = Approved by
key-expires = Valid until
key-scope-waits = (waits for approval)
key-made-waits = It opens nothing before colleagues who have these rights themselves have approved it. They find it under “My account”. It waits for:
key-beyond = You do not have this right yourself, so the key waits until a colleague who has it approves it under “My account”.
key-life = Valid for
key-no-end = no end
key-days = { $n ->
    [365] one year
    [730] two years
   *[other] { $n } days
  }
link-make = Password link
link-confirm = Make a link with which { $name } sets a new password? An earlier link ends. Give it to nobody else.
link-made = Password link for { $name }
link-made-what = Copy the link now: it is shown this once. It is good for 24 hours and for one use. Give it to the person yourself; whoever has it can sign in as them.
key-new = New key
key-create = Create the key
key-made = Key { $name } created
key-made-what = Copy the key now: it is shown this once and only its hash is kept.
copy = Copy
copied = Copied
scope-clients-view = view clients
scope-decisions-make = make decisions
scope-decisions-view = view decisions
scope-models-view = view models
scope-drift-view = view drift
scope-audit-view = view the audit log
scope-users-manage = manage users
scope-keys-manage = manage API keys
settings = Settings
settings-what = The costs choose the threshold when a model is trained. They are set on the command line.
fn-cost = Cost of a missed default
fp-cost = Cost of a good client refused
champion = Champion
software = Software

## My account
account = My account
save = Save
password-change = Change password
password-change-what = Your other browsers are signed out and your access tokens end. This browser stays signed in.
password-old = Current password
password-new = New password
password-again = New password again
password-rule = At least 12 characters. Several words that do not belong together are easy to remember and hard to guess. Not your name, your e-mail or the bank’s name.
password-by-link = Last set through a one-time link made by { $name }, { $date }. If that was not you, tell your compliance officer.
password-refusal-length = A password has 12 to 128 characters. Add a few words, or take some away.
password-refusal-leaked = This password, or one much like it, is on the lists of leaked passwords, which are tried first. Take several words that do not belong together.
password-refusal-repeated = This password repeats itself, which is guessed at once. Take several words that do not belong together.
password-refusal-sequence = This password follows the alphabet, the numbers or a row of keys, which is guessed at once. Take several words that do not belong together.
password-refusal-personal = This password contains “{ $name }”, which stands in your name, your e-mail or the name of the bank and is tried first. Leave it out.
password-refusal-guessable = This password is made of parts that are tried first, such as single words, names, years and dates. Take several words that do not belong together.
password-refusal-same = This is the password that you have already. Choose another.
password-refusal-different = The new password was not typed twice in the same way. Type it again.
password-refusal-wrong-password = The current password is another one. Type it again.
password-refusal-too-many-attempts = Too many attempts. Wait a few minutes, then try again.
everywhere = Sign out everywhere
everywhere-what = Ends all your sessions, this one too, and all access tokens of your programs. Do it when you have left a browser signed in somewhere.
language-own = Language of the pages when you sign in
keys-waiting = API keys that wait for your approval
keys-waiting-count = { $n ->
    [one] API key waits for you
   *[other] API keys wait for you
  }
keys-waiting-what = With such a key, a system of a partner does by itself what you may do. The administrator who made it does not have these rights, so it works only once you approve. Approve it only if you know what it is for; otherwise ask first.
key-asked-by = Made by { $name }, { $date }.
key-asked-until = Valid until { $date }.
key-yours = You approve
key-others = It also carries
approve = Approve
refuse = Refuse
refuse-confirm = Refuse the key { $name }? It ends for good.
link-title = Choose a new password
link-for = For the account of { $name } at { $bank }.
link-set = Set the password
link-what = All browsers that are signed in to this account are signed out. The link works once.
link-dead = This link does not work
link-dead-what = It has been used already, is older than 24 hours, or was replaced by a newer one. Ask the administrator of your bank for a new link.

## Documents
document-generated = Made { $date } from the run itself.
document-print = Every number in this document comes from the model package; none was typed.
note-title = Methodological note
note-of = { $name }, version { $version }
note-summary = In short
note-missing-of = Feature or family
note-contents = Contents
note-granted = { $granted } granted
note-summary-text = The model gives each application a probability of default (PD) and refuses credit from { $threshold } upwards. Take one client who defaults and one who repays: in a share of { $auc } of such pairs (the AUC) it gives the first the higher probability. At the threshold its mistakes cost { $cost } per client, against { $all } if everyone were granted.
note-origin = Origin
note-origin-text = This version was not trained here. It was read from a { $source } file, { $file }, and scores and explains exactly as that file says.
note-origin-unknown = What it was trained on, how candidates were compared and how its settings were chosen is not known here; those sections are therefore left out. Ask whoever trained it for their own documentation and keep it with this note.
note-data = Data and their quality
note-data-text = The model was trained on { $rows } applications of the portfolio { $portfolio }, of which { $defaults } ({ $rate }) ended in default, described by { $features } features. { $missing } of all cells are empty; an empty cell is taken as it is, nothing is filled in.
note-data-imported = The model takes the { $features } features of the portfolio { $portfolio }. It was measured on { $rows } labelled applications of the bank, of which { $defaults } ({ $rate }) ended in default.
note-data-tables = Files that were read, with the SHA-256 of their bytes
note-data-absent = Tables of the portfolio that were not there; features made from them are empty:
note-data-all-there = All tables of the portfolio were there.
note-data-missing = { $complete ->
    [0] No feature has a value for every client
    [one] { $complete } feature has a value for every client
   *[other] { $complete } features have a value for every client
}; { $mostly ->
    [0] none has none for more than half of them.
    [one] { $mostly } has none for more than half of them.
   *[other] { $mostly } have none for more than half of them.
}
note-data-missing-most = Where most is missing
note-data-warnings = Warnings of the readers
note-imbalance = How imbalance is treated
note-imbalance-text = Only { $rate } of the clients default, one for { $ratio } who repay. Accuracy would reward a model that grants everyone. The candidates are therefore compared on measures that rarity does not distort and on the business cost, and the threshold is chosen from the costs instead of being left at 50%.
note-imbalance-figures = Weights were tried against none: the same boosting reaches an AUC of { $auc } without weights and { $auc-weighted } with them, and a cost per client of { $cost } and { $cost-weighted }, each at its own best threshold. Once calibrated, its mean calibration error is { $error } without and { $error-weighted } with weights.
note-imbalance-caption = What each candidate does about imbalance, and what comes of it
note-cost = Cost function and threshold
note-cost-text = A missed default costs { $fn }, a good client refused costs { $fp }: the bank's own figures, of which only the ratio moves the threshold. Every threshold is tried on the predictions the measures come from, and its cost per client is
note-cost-formula = ({ $fn } × defaults granted + { $fp } × good clients refused) ÷ clients
note-cost-least = The lowest cost is { $cost } per client, at { $threshold }; a PD at or above it is refused. Granting everyone would cost { $grant }, refusing everyone { $refuse }.
note-cost-flat = From { $low } to { $high } the cost is at most { $more } higher.
note-cost-effect = At the threshold { $granted } of the clients are granted; { $missed } of those who default are missed and { $refused } of the good clients are refused.
note-candidates = Candidates and search
note-candidates-text = Every candidate was measured in the same way on the same folds, as the next section tells. The AUC, its 95% interval and the other measures are those of all held-out predictions together; ± is one standard deviation between folds. The one chosen is marked: the highest AUC. A weighted candidate is only shown, because weights move margins away from the log-odds in which contributions are read.
note-search = Search for the settings
note-search-none = No settings were searched: boosting was tried with its defaults.
note-search-text = { $n } settings of boosting, the defaults and others drawn at random from the ranges below, were tried by successive halving: all with little boosting, the better third again with three times as much, and the last until their held-out log loss stopped falling. { $on } of them went on after the first round. What is told is the log loss, and the AUC, on clients the forests had not seen.
note-search-trials = The { $n } settings of least log loss
note-procedure = How it was measured
note-procedure-text = Measures are out of fold: each client is judged by a model that has not seen that client.
procedure-folds = The clients are dealt into { $folds } folds in random order (seed { $seed }), those who defaulted and those who repaid separately, so that every fold has the same share of defaults.
procedure-held-out = Each candidate is trained { $folds } times, each time on all folds but one, and predicts the clients of the fold left out. Together these predictions cover every client once.
procedure-rounds = The number of boosting rounds is chosen anew for each fold left out, on the other folds alone (nested cross-validation): forests grown without that fold and one more are stopped where their log loss on the one more is least.
procedure-search = So are the settings of the tuned candidate: the search is run for every fold left out. The trials shown above are those of the final model's search.
procedure-calibration = Calibration maps are fitted on the margins of the other folds and applied to the fold left out. The simplest is kept unless a richer one has a log loss lower by more than one standard error; it is then fitted on all held-out margins.
procedure-threshold = The threshold is that of least cost over all these calibrated predictions.
procedure-final = At last the chosen candidate is trained on all clients; whatever had to be chosen for a fold is chosen for it in the same way. That model is this version; the measures are those of its like, trained on one fold less.
note-calibration = Calibration
note-calibration-text = A model's margin says who is riskier; calibration turns it into a probability that can be compared with the threshold. It never changes the order of two clients.
note-calibration-none = Here the probability is the logistic function of the margin, without a further map.
note-calibration-platt = Here it is Platt's: PD = 1 ÷ (1 + exp(−({ $slope } × margin { $intercept }))).
note-calibration-isotonic = Here it is an isotonic regression: straight lines between { $corners } points that never descend.
note-calibration-trials = Calibrations compared
note-calibration-not-compared = No calibrations were compared for this version.
note-calibration-error = Over tenths of the clients by PD, predicted probability and default rate differ by { $error } on average.
note-calibration-interval = Resamples of the clients give { $interval } (95%): resampling adds chance of its own, which always widens this distance, so the figure may lie below all of them.
calibration-tenths = Tenths of the clients by PD
note-quality = How good the model is
note-quality-text = All figures come from predictions for clients held out in cross-validation.
note-quality-imported = The figures come from labelled clients of the bank. Whether the model had seen any of them in its training is not known: if so, they are too good.
out-of-fold = Out of fold
kept-apart = Kept apart
interval-heading = 95% interval
cost-per-client-least = Cost per client, cheapest threshold
note-holdout = Clients kept apart
note-holdout-text = { $rows } labelled clients, { $defaults } of whom defaulted ({ $rate }), took no part in anything above. At the version's threshold the cost is { $cost } per client; the cheapest threshold for them would have been { $threshold }, with { $least }.
note-holdout-alike = The out-of-fold AUC lies within the interval of theirs: chance explains the difference.
note-holdout-worse = The out-of-fold AUC lies above the interval of theirs: the model does clearly worse on them than cross-validation promised.
note-holdout-better = The out-of-fold AUC lies below the interval of theirs: the model does clearly better on them; find out what makes these clients easier.
note-holdout-none = No labelled clients were kept apart for this version, so nothing can be said here.
note-global = What the model weighs
note-global-text = Contributions are exact Shapley values in log-odds. The mean of their absolute values over a sample of training rows says how much each feature moves the score.
beeswarm-what = Each dot is one training row, without its value. Dark dots on the right: large values raise the risk; dark dots on the left: they lower it. A long tail is a feature that matters much for few clients.
beeswarm-none = This version's package holds no contributions client by client.
dependence-none = This version's package holds no partial dependence.
note-local = How one score is explained
note-local-text = For each client the base value and the contributions add up exactly to the margin, and calibration makes the margin a probability. The strongest contributions become the reasons given to the client, at most two of a family and five in each direction.
note-local-example = The example is the mean of the { $n ->
    [one] one client
   *[other] { $n } clients
} of the kept training sample whose PD is nearest to the threshold of { $threshold }: means of contributions add up as contributions do. It shows what typically brings a client there, and shows no single person's values or contributions.
note-local-figure = { $n ->
    [one] One client
   *[other] Mean of { $n } clients
} near the threshold, log-odds of default
note-local-reading = The base value { $base } is a PD of { $base-pd }; with the contributions the margin is { $margin }, a PD of { $pd }.
note-local-none = This version's package keeps no sample of rows, so no example can be shown.
note-points-text = A client starts with { $start } points and gets those of one bin of each feature; more points are less risk. { $score } points are { $odds } good clients to one default, and every { $double } points more double these odds.
note-slices = Stability by group of clients
note-limits = Limits
limit-history = The model knows only clients who were granted credit in the past; of those who were refused nobody knows whether they would have repaid.
limit-time = The measures are out of fold, not out of time: the folds mix clients of one period, and no later clients were kept apart. How the model does on those to come is not measured.
limit-time-holdout = The measures are out of fold, not out of time. Only if the clients kept apart applied later than those of the training do their figures speak of time.
limit-optimism = The candidate (of { $candidates }), the kind of calibration and the threshold were chosen on the same held-out predictions that the measures come from, which makes these a little too good. Rounds and settings were not: each was chosen without the clients it is measured on.
limit-imported = Nothing is known here of the data this model was trained on: neither their age nor their quality, nor whether clients of the bank were among them.
limit-interval = With { $defaults } defaults the AUC is known to lie within { $auc } and the cost per client within { $cost } (95%): differences between models smaller than that prove nothing by themselves.
limit-spread = Between folds the AUC varies by { $std } (one standard deviation).
limit-absent = { $n ->
    [one] One table of the portfolio was not there ({ $tables })
   *[other] { $n } tables of the portfolio were not there ({ $tables })
}: the model has learned nothing from it. When such data arrive, train a new version; this one will not use them well.
limit-missing = { $n ->
    [one] { $n } feature has
   *[other] { $n } features have
} no value for more than half of the clients: what is learned from those who have one may not hold for the others.
limit-slices-worse = { $n ->
    [one] In one group the model ranks clearly worse than elsewhere: { $groups }.
   *[other] In { $n } groups the model ranks clearly worse than elsewhere: { $groups }.
}
limit-slices-under = { $n ->
    [one] In one group there are clearly more defaults than predicted: { $groups }.
   *[other] In { $n } groups there are clearly more defaults than predicted: { $groups }.
}
limit-slices-over = { $n ->
    [one] In one group there are clearly fewer defaults than predicted, so that clients are refused who need not be: { $groups }.
   *[other] In { $n } groups there are clearly fewer defaults than predicted, so that clients are refused who need not be: { $groups }.
}
limit-slices-few = { $n ->
    [one] One group is too small for anything to be said of it: { $groups }.
   *[other] { $n } groups are too small for anything to be said of them: { $groups }.
}
limit-costs = The costs are an assumption, the same for every client whatever the amount. Another ratio gives another threshold.
limit-cause = Contributions and partial dependence say what the model used, not what causes default: changing a value need not change the client's risk.
limit-fairness = The measures by group say whether the model is as good for some as for others. They are no proof that groups the law protects are treated alike.
note-watch = What to watch
watch-drift = Drift of the features that weigh most: { $features }. The drift report compares current clients with those of the training; read it before use and every month.
watch-drift-share = Drift of the features that weigh most, { $share } of all contributions together: { $features }. The drift report compares current clients with those of the training; read it before use and every month, and know what happens when a source of one of them fails.
watch-granted = Grants and their defaults: with clients like these { $granted } are granted, and { $rate } of those granted default. A grant rate or a default rate that leaves these figures is the first sign.
watch-calibration = Calibration: the threshold presumes that probabilities are right. Choose it again when the default rate of all applicants moves away from { $rate }, or the calibration error grows beyond { $error }.
watch-auc = Ranking: an AUC below { $low } on as many new clients whose outcome has become known is worse than chance explains.
watch-costs = The costs: when a missed default no longer costs { $fn } for every { $fp } of a good client refused, the threshold is no longer the cheapest.
note-fingerprints = Versions and fingerprints
note-fingerprints-text = The same data, seed and code give the same package, byte for byte; its SHA-256 is its name.
drift-title = Data drift report
drift-method = Each feature is compared bin by bin (the deciles of the reference; frequent values, categories and missing values are bins of their own). The population stability index and the Jensen-Shannon distance measure how far apart the two are, the Kolmogorov-Smirnov or chi-square test whether chance could do it; its p-values are corrected for the number of features. With many clients even a harmless shift is significant, so the verdict follows the index.
drift-score = The score
drift-features = The features, worst first

# Populations that drift is measured between
drift-training-data = a sample of the training data
drift-portfolio-clients = the clients of the portfolio

# What an audit event is about
subject-client = client
subject-user = person
subject-api-key = API key
subject-decision = decision
subject-permission = right to
subject-log = audit log
subject-audit-event = entry
subject-portfolio = portfolio
subject-model-version = model version
subject-model-alias = alias
subject-drift-report = drift report
subject-tenant = bank
why-ranks = Shares of clients are among those the model learned from; the ranks in the table are among the clients of today.

## Points of a scorecard
points-title = Points table
points-scale = { $score } points at { $odds } good clients to one default; { $double } more points double these odds.
points-how = A client's score is the base points and the points of the bin each value falls in. Points above zero stand for less risk than clients have overall, points below zero for more. Points are rounded here; the model computes without rounding, and from the score before any calibration.
points-base = Base points
points-characteristics = Characteristics
points-bin = Values
points-share = Share of clients
points-default-rate = Default rate
points-woe = Weight of evidence
points-points = Points
points-strength = information value { $iv }, weight { $weight }
points-at-most = at most { $to }
points-between = above { $from }, up to { $to }
points-above = above { $from }
points-at-least = at least { $from }
points-below = less than { $to }
points-from-to = from { $from } to less than { $to }
points-all = any value
points-special = exactly { $value }
points-missing = missing
