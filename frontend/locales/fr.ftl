### Les mots des pages et des documents en français. Les clés sont celles de en.ftl.

## Cadre
skip-to-content = Aller au contenu
main-navigation = Navigation principale
breadcrumb = Vous êtes ici
language = Langue
language-en = anglais
language-fr = français
theme-toggle = Passer du clair au sombre
sign-out = Se déconnecter
foot = Les heures sont en UTC. Ce que vous ouvrez ici est inscrit dans la piste d’audit.
nav-portfolio = Vue d’ensemble
nav-clients = Clients
nav-models = Modèles
nav-drift = Dérive des données
nav-audit = Piste d’audit
nav-administration = Administration
role-admin = administrateur
role-adviser = chargé de clientèle
role-analyst = analyste des risques
role-compliance = conformité
notice-scored = Le client a reçu un nouveau score.
notice-signed-out = Vous êtes déconnecté.
notice-session-expired = Votre session est terminée. Connectez-vous pour continuer.
notice-key-created = La clé d’API est créée.
notice-key-revoked = La clé d’API est révoquée.
notice-drift-computed = La dérive est calculée.
notice-user-disabled = L’utilisateur est désactivé ; ses sessions sont closes.
notice-user-enabled = L’utilisateur peut se connecter de nouveau.
notice-settings-saved = Les réglages sont enregistrés.
notice-password-changed = Votre mot de passe est changé. Vos autres sessions et vos jetons d’accès sont clos.
notice-password-set = Votre mot de passe est enregistré. Connectez-vous avec lui.
notice-signed-out-everywhere = Vous êtes déconnecté partout. Vos jetons d’accès sont clos eux aussi.
notice-language-saved = La langue est enregistrée.
notice-key-approved = La clé est approuvée et fonctionne désormais.
notice-key-approved-in-part = Votre part de la clé est approuvée. Elle fonctionnera quand le reste le sera aussi.
notice-key-refused = La clé est refusée. Elle ne fonctionnera jamais.

## Mots communs
any = Tous
yes = oui
no = non
not-known = non renseigné
never = jamais
search = Chercher
show = Afficher
results = Résultats
close = Fermer
name = Nom
email = Courriel
password = Mot de passe
role = Rôle
state = État
active = actif
disabled = désactivé
actions = Actions
value = Valeur
when = Quand
day = Jour
by = Par
from = Du
to = Au
client = Client
clients = Clients
age = Âge
income = Revenu
credit = Crédit
feature = Variable
features = Variables
decision = Décision
decisions = Décisions
decided = Décidé
model = Modèle
portfolio = Portefeuille
threshold = Seuil
probability-of-default = Probabilité de défaut
outcome-granted = Crédit accordé
outcome-refused = Crédit refusé
outcome-not-scored = Sans score
contribution = Contribution
details = Détails
digest = Empreinte
group = Groupe
rows = Lignes
created = Créé
version = version { $version }
version-short = v{ $version }
version-heading = Version
missing-share = Manquants
show-as-table = Voir en tableau
data-table = Données du graphique
clear-filters = Effacer les filtres
pages = Pages
pages-below = Pages, sous la liste
previous = Précédent
next = Suivant
page-of = page { $page } sur { $pages }
results-count = { $n ->
    [0] Aucun résultat
    [one] { $n } résultat
   *[other] { $n } résultats
}

## Unités
unit-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
unit-months = { $n } mois
unit-years = { $n ->
    [one] { $n } an
   *[other] { $n } ans
}
unit-hour = { $n } h

## Connexion
sign-in = Connexion
sign-in-what = Des décisions de crédit que l’on peut expliquer et prouver.
sign-in-button = Se connecter
sign-in-error-wrong-credentials = Ce courriel et ce mot de passe ne vont pas ensemble.
sign-in-error-too-many-attempts = Trop d’essais. Attendez quelques minutes, puis recommencez.
sign-in-error-form-expired = Le formulaire est resté ouvert trop longtemps. Recommencez.
demo-logins = Démonstration : chacun peut utiliser ces comptes

## Erreurs
error-400 = Cette demande est illisible
error-400-what = Quelque chose dans l’adresse ou le formulaire n’est pas comme il faut. Revenez en arrière et recommencez.
error-401 = Connectez-vous
error-401-what = Cette page est réservée aux personnes connectées.
error-403 = Non autorisé
error-403-what = Votre rôle ne le permet pas. L’administrateur de votre banque peut le changer.
error-404 = Introuvable
error-404-what = Il n’y a rien à cette adresse dans votre banque, ou plus rien.
error-408 = La demande a mis trop de temps
error-408-what = Elle n’est pas arrivée à temps. Recommencez.
error-409 = Modifié entre-temps
error-409-what = Quelqu’un d’autre l’a modifié au même moment. Rouvrez la page pour voir son état actuel.
error-413 = Trop volumineux
error-413-what = Ce qui a été envoyé dépasse ce que cette page accepte.
error-422 = Impossible tel que demandé
error-422-what = La demande est lisible mais ne convient pas. Rien n’a été enregistré.
error-429 = Trop de demandes
error-429-what = Attendez une minute, puis recommencez.
error-500 = Une erreur s’est produite de notre côté
error-500-what = Rien n’est perdu. Recommencez ; si cela se répète, citez le numéro ci-dessous.
error-503 = Indisponible pour l’instant
error-503-what = Le service a trop à faire pour l’instant, ou sa base de données ne répond pas. Recommencez dans un instant.
error-other = Cela n’a pas abouti
error-other-what = Le serveur a répondu avec le statut { $status }.
error-home = Vers la vue d’ensemble
request-id = Demande

## Vue d’ensemble
last-decision = Dernière décision : { $date }
scored-count = { $n } avec un score
grant-rate = Taux d’accord
granted-of = { $granted } sur { $scored }
mean-pd = Probabilité de défaut moyenne
pd-histogram-title = Clients selon la probabilité de défaut
per-day-title = Décisions par jour

## Clients
clients-search = Client
clients-search-hint = Numéro ou partie du nom
clients-caption = Clients avec leur dernière décision
clients-none = Pas encore de clients
clients-none-what = Le portefeuille de cette banque est vide. Les clients arrivent par l’API ou par des fichiers :
clients-no-match = Aucun client ne correspond
clients-no-match-what = Essayez une partie plus courte du numéro ou du nom, ou moins de filtres.
last-scored = Dernier score
pd-bar-legend = La barre montre la probabilité de défaut sur une échelle en racine carrée de 0 % à 100 % ; le trait vertical est le seuil, à partir duquel le crédit est refusé.

## Dossier client
client-title = Client { $id }
compare = Comparer
compare-short = comparer
compare-feature = Comparer : { $label }
score-first = Calculer le score
score-again = Recalculer le score
client-not-scored = Pas encore de score
client-not-scored-what = Il n’y a pas de décision pour ce client. Calculez le score pour voir la probabilité de défaut et ses raisons.
gauge-summary = Probabilité de défaut { $pd }, seuil { $threshold }
gauge-threshold = seuil { $threshold }
decision-granted-why = La probabilité de défaut, { $pd }, est inférieure au seuil de { $threshold }.
decision-refused-why = La probabilité de défaut, { $pd }, atteint ou dépasse le seuil de { $threshold }.
decision-outdated = Une autre version du modèle est en service depuis. Recalculez le score pour l’utiliser.
reasons = Pourquoi
subjects = Par thème, en log-cotes
reasons-raise = Ce qui augmente le risque
reasons-lower = Ce qui diminue le risque
reasons-none = Rien qui pèse beaucoup.
reason-fact = { $label } : { $value }
reason-fact-standing = { $fact }, { $standing }.
reason-fact-alone = { $fact }.
standing-lower = plus bas que chez { $share } des clients
standing-higher = plus haut que chez { $share } des clients
standing-middle = proche du milieu de tous les clients
standing-shared = comme { $share } des clients
reason-raises-slightly = Cela augmente légèrement le risque.
reason-raises = Cela augmente le risque.
reason-raises-strongly = Cela augmente fortement le risque.
reason-lowers-slightly = Cela diminue légèrement le risque.
reason-lowers = Cela diminue le risque.
reason-lowers-strongly = Cela diminue fortement le risque.
raises-the-risk = augmente le risque
lowers-the-risk = diminue le risque
contributions = Contributions
contributions-by = Contributions par
contributions-what = De la valeur de base à ce client, en log-cotes. Chaque barre est une contribution ; ensemble elles font exactement le score.
by-feature = Par variable
family-other = Autres variables
by-family = Par famille
waterfall-title = De la valeur de base au score du client
waterfall-summary = Cascade des contributions ; les mêmes nombres sont dans le tableau ci-dessous
waterfall-base = Valeur de base
waterfall-margin = Ce client
waterfall-axis = log-cote de défaut
waterfall-others = { $n ->
    [one] { $n } autre
   *[other] { $n } autres
}
running-total = Cumul
information = Informations
information-what = Ouvrez un intitulé pour lire ce qu’il veut dire. Les rangs disent combien de clients sont en dessous de celui-ci.
information-filter = Filtrer les informations
information-label = Information
information-missing = { $n } sans valeur
rank-all = Rang, tous
rank-similar = Rang, similaires
history = Décisions sur ce client
shown = Explications montrées
shown-none = Aucune explication n’a encore été montrée.
shown-to = À qui
shown-where = Où
channel-page = page
channel-api = API
channel-letter = lettre
audit-entry = Entrée d’audit
explanation = Explication

## Dossier client, ce qui changerait la décision
counterfactual = Ce qui changerait la décision
counterfactual-what = Les plus petits changements, parmi ce que le client peut changer, avec lesquels cette version du modèle aurait accordé le crédit. Chacun est évalué de nouveau avant d’être montré. Ce n’est pas une promesse : une nouvelle demande est décidée à nouveau.
counterfactual-ask = Chercher des changements
counterfactual-again = Chercher de nouveau
counterfactual-proposal = Avec { $changes }, le crédit aurait été accordé (probabilité de défaut { $pd }, seuil { $threshold }).
counterfactual-consequence = { $label } : { $to } au lieu de { $from }.
counterfactual-none = Aucune des { $n } combinaisons de ce que le client peut changer n’aurait conduit à un accord.
counterfactual-none-found = Parmi { $n } combinaisons de ce que le client peut changer, aucune qui aurait conduit à un accord n’a été trouvée.
counterfactual-nothing-to-move = Il n’y a rien dans cette demande que le client puisse changer.
counterfactual-tried = Ce qui a été essayé
counterfactual-tried-range = { $label } : de { $least } à { $greatest }
counterfactual-outdated = Les variables se calculent autrement depuis cette décision. Recalculez le score du client, puis cherchez.
list-and = { $first } et { $last }

## Comparaison
comparison-title = Client { $id } comparé
back-to-file = Retour au dossier
comparison-choose = Que comparer
features-filter = Filtrer les variables
similar-how-many = Clients similaires
similar-chosen = Comment les clients similaires sont choisis
similar-chosen-what = Les { $k } clients sur { $n } dont les valeurs sont les plus proches de celles de ce client sur ces variables, les montants par leur logarithme, chacune rapportée à sa dispersion :
comparison-none = Choisissez une variable
comparison-none-what = Sa répartition parmi tous les clients et parmi les clients similaires apparaîtra ici.
above-all = au-dessus de { $share } de tous les clients
above-similar = au-dessus de { $share } des clients similaires
histogram-title = Répartition, avec le client marqué
histogram-summary = Répartition parmi tous les clients et parmi les similaires ; les mêmes nombres sont dans le tableau ci-dessous
histogram-client = Ce client : { $value }
histogram-axis = part des clients
group-client = Ce client
group-all = Tous les clients
group-similar = Clients similaires
group-granted = Accordés
group-refused = Refusés
medians-of = { $label } : médianes
median = Médiane
most-frequent = La plus fréquente
quartiles = Quartiles

## Modèles
models-none = Pas encore de modèle
models-none-what = Un analyste des risques entraîne le premier en ligne de commande :
alias-since = depuis le { $date }, { $by }
versions-of = Versions de { $name }
algorithm = Algorithme
auc = AUC
created-by = fait le { $date } par { $by }
note = Note méthodologique
metrics = Mesures
auc-what = 0,5 : le hasard ; 1 : parfait
average-precision = Précision moyenne
chance-is = le hasard donne { $value }
brier = Score de Brier
log-loss = Perte logarithmique
lower-is-better = plus bas est meilleur
costs-are = défaut manqué { $fn }, bon client refusé { $fp }
cost-per-client = Coût par client
metrics-measured = Mesuré par validation croisée sur { $rows } clients que le modèle n’avait pas vus, dont { $defaults } en défaut ({ $rate }).
roc-title = Courbe ROC
roc-x = Bons clients refusés
roc-y = Défauts détectés
roc-model = Modèle
roc-chance = Hasard
at-the-threshold = Au seuil
calibration-title = Calibration
calibration-summary = Probabilité prédite et taux de défaut observé ; les mêmes nombres sont dans le tableau ci-dessous
calibration-x = Probabilité prédite
calibration-y = Taux de défaut observé
calibration-model = Modèle
calibration-perfect = Parfaite
cost-title = Coût métier selon le seuil
cost-chosen = Seuil retenu
cost-mark = { $threshold }, coût { $cost }
granted-share = Accordés
missed-defaults = Défauts manqués
refused-good = Bons refusés
importance-title = Contributions globales
importance-summary = Contribution absolue moyenne des variables les plus importantes ; les mêmes nombres sont dans le tableau ci-dessous
importance-axis = Contribution absolue moyenne (log-cote)
candidates = Candidats comparés
candidates-what = Validation croisée stratifiée à { $folds } plis ; chaque candidat a vu les mêmes plis. Est retenue l’AUC la plus haute ; un candidat pondéré n’est que montré, car les poids éloignent les marges des log-cotes dans lesquelles les contributions se lisent.
candidate = Candidat
candidate-dummy = Taux de défaut pour tous
candidate-scorecard = Grille de score
candidate-boosting = Boosting de gradient
candidate-boosting-weighted = Boosting de gradient pondéré
candidate-boosting-monotone = Boosting de gradient monotone
candidate-imported = Modèle importé
candidate-what-imported = Entraîné ailleurs et mesuré ici sur des clients dont le remboursement est connu.
candidate-what-dummy = Le taux de défaut des lignes d’entraînement pour chaque client.
candidate-what-scorecard = Régression logistique sur le poids de l’évidence de classes monotones.
candidate-what-boosting = Arbres à gradient boosté sur toutes les variables.
candidate-what-boosting-weighted = Arbres à gradient boosté où les défauts pèsent au total autant que les bons clients.
candidate-what-boosting-monotone = Arbres à gradient boosté qui suivent les sens de risque du dictionnaire.
imbalance = Déséquilibre
imbalance-dummy = sans objet
imbalance-scorecard = sans poids ; le seuil tient compte des coûts
imbalance-imported = tel que le modèle a été entraîné
imbalance-boosting = sans poids ; le seuil tient compte des coûts
imbalance-boosting-weighted = chaque défaut pèse { $ratio } bons clients
imbalance-boosting-monotone = sans poids ; le seuil tient compte des coûts
candidate-boosting-tuned = Boosting de gradient réglé
candidate-what-boosting-tuned = Arbres à gradient boosté aux réglages cherchés.
imbalance-boosting-tuned = sans poids ; le seuil tient compte des coûts
chosen = retenu
training-data = Données d’entraînement
defaults = Défauts
seed = Graine
data-fingerprint = Empreinte des données
features-digest = Empreinte des variables
code-version = Version du code
tables = Tables
table = Table
file = Fichier
table-absent = absente
parameters = Paramètres
interval = { $low } – { $high }
intervals-what = Les fourchettes sont des intervalles bootstrap à 95 %, tirés de { $n } rééchantillonnages des clients.
imported-from = Importé d’un fichier { $source }, { $file } : on ne sait pas ici sur quoi il a été entraîné.
on-this-page = Sur cette page
measure = Mesure
rounds = Tours
default-rate = Taux de défaut
mean-pd-short = PD moyenne
expected-calibration-error = Erreur de calibration
calibration-method = Méthode
calibration-method-none = Aucune
calibration-method-platt = Platt
calibration-method-isotonic = Isotonique
lift-title = Concentration des défauts (lift)
lift-share = Clients les plus risqués
lift-times = Multiple du taux de défaut
lift-captured = Part des défauts
lift-what = Parmi les clients aux probabilités les plus élevées : combien de fois le taux de défaut global, et quelle part de tous les défauts.
explorer-label = Essayer un autre seuil
explorer-tried = Seuil essayé
explorer-reset = Revenir au seuil retenu
explorer-difference = Coût par rapport au seuil retenu
confusion-caption = Clients selon la décision et le résultat
confusion-repaid = Ont remboursé
confusion-defaulted = En défaut
confusion-refused = Refusés
beeswarm-heading = Les contributions, client par client
beeswarm-title = Contributions client par client
beeswarm-summary = Un point par client et par variable, placé selon la contribution et ombré selon la valeur ; les moyennes sont dans le tableau ci-dessous
beeswarm-axis = diminue le risque ← contribution (log-cote) → augmente le risque
beeswarm-key = de la plus petite à la plus grande valeur
beeswarm-key-missing = valeur manquante, ou catégorie
beeswarm-low = Moyenne, tiers le plus bas
beeswarm-high = Moyenne, tiers le plus haut
beeswarm-missing = Moyenne, sans valeur
dependence-title = Dépendance partielle
dependence-what = La probabilité de défaut moyenne d’un échantillon de lignes d’entraînement quand une variable prend pour toutes une valeur après l’autre, le reste étant inchangé. Quand deux variables vont ensemble, certaines de ces combinaisons n’existent pas : il faut lire la forme, non le dernier pour cent.
dependence-summary = { $label } : probabilité moyenne de { $least } ({ $at-least }) à { $most } ({ $at-most })
dependence-key = Tous les graphiques ont la même échelle. La ligne tiretée est le taux de défaut, { $rate }. Les points sont à des rangs régulièrement espacés : de l’un au suivant, il y a à peu près autant de clients. Un point creux (∅) est une valeur manquante.
dependence-levels-hidden = { $n ->
    [one] et { $n } catégorie plus rare
   *[other] et { $n } catégories plus rares
}
search-plot = Perte logarithmique selon la valeur de
search-logarithmic = (logarithmique)
search-key = Chaque point est un réglage essayé, sa perte logarithmique en hauteur : plus bas est meilleur. Les points pleins ont reçu plus de boosting après le premier tour ; les creux ont été écartés avec peu, ce qui suffit à élever leur perte. Le losange est le réglage retenu.
search-folded = { $n ->
    [one] Le réglage essayé
   *[other] Les { $n } réglages essayés
}
slices-title = Stabilité par groupe
slices-caption = Mesures par groupe de clients
slices-what = Les mêmes prédictions, groupe par groupe. Un groupe est signalé quand son AUC est inférieure à celle de tous les clients, ou son taux de défaut éloigné de la PD moyenne, de plus de trois erreurs types, ce que le seul hasard donne environ une fois sur 400 ; rien n’est dit des groupes de moins de { $few } défauts. Les très petits groupes sont laissés de côté.
slices-key = Premier graphique : l’AUC avec son intervalle à 95 % (Hanley et McNeil, 1982) ; le trait vertical est celle de tous les clients. Second graphique : le point creux est le taux de défaut avec son intervalle à 95 % (Wilson) ; le trait vertical est la probabilité moyenne prédite.
slices-none = Le paquet de cette version ne contient pas de mesures par groupe.
slice-named = { $label } ({ $value })
slices-folded = { $n ->
    [one] { $n } autre variable, sans rien à signaler
   *[other] { $n } autres variables, sans rien à signaler
}
slice-protected = (protégé par la loi)
slice-flag-few = trop peu pour conclure
slice-flag-ranks-worse = classe moins bien
slice-flag-underestimated = plus de défauts que prédit
slice-flag-overestimated = moins de défauts que prédit
waterfall-sum = Marge

## Dérive
drift-what = Compare les clients d’aujourd’hui à ceux de l’entraînement du modèle.
drift-populations = { $current } par rapport à { $reference }
drift-reference = Référence
drift-current = Actuel
drift-compute = Calculer
drift-download = Télécharger en un fichier
drift-none = Rien n’est encore calculé
drift-none-what = Choisissez les deux populations ci-dessus et calculez.
drift-rows-reference = Clients de référence
drift-rows-current = Clients actuels
drift-computed = Calculé le { $date } par { $by }.
drift-reading = Un indice de stabilité (PSI) inférieur à 0,10 se lit stable, dès 0,10 modéré, dès 0,25 fort, une fois retiré ce que donne le seul hasard avec autant de clients.
drift-caption = Dérive par variable, la pire d’abord
verdict = Verdict
verdict-stable = stable
verdict-moderate = modérée
verdict-strong = forte
jensen-shannon = Distance de Jensen-Shannon
test = Test
test-kolmogorov-smirnov = KS
test-chi-square = χ²
p-adjusted = p
p-adjusted-what = valeur p corrigée pour le nombre de variables testées
drift-distribution-heading = Répartition
drift-distribution = Répartition dans la population de référence et dans l’actuelle
drift-bin = { $label } : { $reference } → { $current }
drift-key-reference = référence
drift-key-current = actuel
drift-left-out = { $n ->
    [one] { $n } variable laissée de côté
   *[other] { $n } variables laissées de côté
}

## Piste d’audit
audit-what = Chaque décision, chaque explication montrée et chaque changement, du plus récent au plus ancien.
audit-number = N°
audit-actor = Qui
audit-action = Quoi
audit-subject = Client ou objet
audit-event = Entrée { $n }
audit-none = Aucune entrée ne correspond
address = Adresse
previous-digest = Empreinte précédente
actor-user = personne
actor-api-key = clé d’API
actor-operator = opérateur
actor-system = système
action-signed-in = Connexion
action-sign-in-failed = Connexion échouée
action-signed-out = Déconnexion
action-token-issued = Jeton émis
action-access-denied = Accès refusé
action-tenant-created = Banque créée
action-user-created = Utilisateur créé
action-user-disabled = Utilisateur désactivé
action-user-enabled = Utilisateur réactivé
action-api-key-created = Clé d’API créée
action-api-key-revoked = Clé d’API révoquée
action-clients-imported = Clients importés
action-client-created = Client créé
action-client-changed = Client modifié
action-clients-scored = Clients évalués
action-client-viewed = Dossier consulté
action-model-trained = Modèle entraîné
action-model-imported = Modèle importé
action-alias-moved = Alias déplacé
action-decision-made = Décision prise
action-decision-viewed = Décision consultée
action-explanation-shown = Explication montrée
action-counterfactual-shown = Changements de la décision montrés
action-drift-computed = Dérive calculée
action-log-viewed = Piste consultée
action-signed-out-everywhere = Déconnexion partout
action-password-changed = Mot de passe changé
action-password-link-made = Lien de mot de passe créé
action-password-link-used = Mot de passe choisi par un lien
action-language-changed = Langue changée
action-api-key-approved = Clé d’API approuvée
action-api-key-refused = Clé d’API refusée

## Administration
users = Utilisateurs
last-sign-in = Dernière connexion
enable = Réactiver
disable = Désactiver
api-keys = Clés d’API
keys-none = Pas encore de clé d’API.
scopes = Portées
last-used = Dernier usage
revoke = Révoquer
revoke-confirm = Révoquer la clé { $name } ? Les systèmes qui l’utilisent cesseront aussitôt de fonctionner.
key-state-active = active
key-state-waiting = en attente d’approbation
key-state-expired = expirée
key-state-revoked = révoquée
key-state-refused = refusée
key-made-by = Créée par
key-approved-by = Approuvée par
key-expires = Valable jusqu’au
key-scope-waits = (en attente d’approbation)
key-made-waits = Elle n’ouvre rien tant que des collègues qui ont eux-mêmes ces droits ne l’ont pas approuvée. Ils la trouvent sous « Mon compte ». Elle attend pour :
key-beyond = Vous n’avez pas vous-même ce droit : la clé attend qu’un collègue qui l’a l’approuve sous « Mon compte ».
key-life = Durée de validité
key-no-end = sans fin
key-days = { $n ->
    [365] un an
    [730] deux ans
   *[other] { $n } jours
  }
link-make = Lien de mot de passe
link-confirm = Créer un lien avec lequel { $name } choisira un nouveau mot de passe ? Un lien précédent cesse de fonctionner. Ne le donnez à personne d’autre.
link-made = Lien de mot de passe pour { $name }
link-made-what = Copiez le lien maintenant : il n’est montré que cette fois. Il vaut 24 heures et ne sert qu’une fois. Remettez-le vous-même à la personne ; quiconque l’a peut se connecter à sa place.
key-new = Nouvelle clé
key-create = Créer la clé
key-made = Clé { $name } créée
key-made-what = Copiez la clé maintenant : elle n’est montrée que cette fois et seule son empreinte est gardée.
copy = Copier
copied = Copié
scope-clients-view = voir les clients
scope-decisions-make = prendre des décisions
scope-decisions-view = voir les décisions
scope-models-view = voir les modèles
scope-drift-view = voir la dérive
scope-audit-view = voir la piste d’audit
scope-users-manage = gérer les utilisateurs
scope-keys-manage = gérer les clés d’API
settings = Réglages
settings-what = Les coûts fixent le seuil quand un modèle est entraîné. Ils se règlent en ligne de commande.
fn-cost = Coût d’un défaut manqué
fp-cost = Coût d’un bon client refusé
champion = Champion
software = Logiciel

## Mon compte
account = Mon compte
save = Enregistrer
password-change = Changer le mot de passe
password-change-what = Vos autres navigateurs sont déconnectés et vos jetons d’accès sont clos. Ce navigateur reste connecté.
password-old = Mot de passe actuel
password-new = Nouveau mot de passe
password-again = Nouveau mot de passe, encore une fois
password-rule = Au moins 12 caractères. Plusieurs mots sans rapport entre eux se retiennent bien et se devinent mal. Ni votre nom, ni votre courriel, ni le nom de la banque.
password-by-link = Choisi la dernière fois par un lien à usage unique créé par { $name }, { $date }. Si ce n’était pas vous, prévenez le responsable de la conformité.
password-refusal-length = Un mot de passe compte de 12 à 128 caractères. Ajoutez quelques mots, ou enlevez-en.
password-refusal-leaked = Ce mot de passe, ou un autre très proche, figure sur les listes de mots de passe divulgués, que l’on essaie en premier. Prenez plusieurs mots sans rapport entre eux.
password-refusal-repeated = Ce mot de passe se répète et se devine aussitôt. Prenez plusieurs mots sans rapport entre eux.
password-refusal-sequence = Ce mot de passe suit l’alphabet, les chiffres ou une rangée de touches et se devine aussitôt. Prenez plusieurs mots sans rapport entre eux.
password-refusal-personal = Ce mot de passe contient « { $name } », qui figure dans votre nom, votre courriel ou le nom de la banque et que l’on essaie en premier. Enlevez-le.
password-refusal-guessable = Ce mot de passe est fait d’éléments que l’on essaie en premier : mots seuls, prénoms, années, dates. Prenez plusieurs mots sans rapport entre eux.
password-refusal-same = C’est le mot de passe que vous avez déjà. Choisissez-en un autre.
password-refusal-different = Les deux saisies du nouveau mot de passe ne sont pas identiques. Recommencez.
password-refusal-wrong-password = Le mot de passe actuel est un autre. Recommencez.
password-refusal-too-many-attempts = Trop d’essais. Attendez quelques minutes, puis recommencez.
everywhere = Se déconnecter partout
everywhere-what = Clôt toutes vos sessions, celle-ci comprise, et tous les jetons d’accès de vos programmes. À faire si vous êtes resté connecté quelque part.
language-own = Langue des pages à la connexion
keys-waiting = Clés d’API qui attendent votre approbation
keys-waiting-count = { $n ->
    [one] clé d’API vous attend
   *[other] clés d’API vous attendent
  }
keys-waiting-what = Avec une telle clé, le système d’un partenaire fait de lui-même ce que vous avez le droit de faire. L’administrateur qui l’a créée n’a pas ces droits : elle ne fonctionne qu’une fois approuvée par vous. N’approuvez que si vous savez à quoi elle sert ; sinon, demandez d’abord.
key-asked-by = Créée par { $name }, le { $date }.
key-asked-until = Valable jusqu’au { $date }.
key-yours = Vous approuvez
key-others = Elle porte aussi
approve = Approuver
refuse = Refuser
refuse-confirm = Refuser la clé { $name } ? Elle prend fin définitivement.
link-title = Choisir un nouveau mot de passe
link-for = Pour le compte de { $name }, { $bank }.
link-set = Enregistrer le mot de passe
link-what = Tous les navigateurs connectés à ce compte sont déconnectés. Le lien ne sert qu’une fois.
link-dead = Ce lien ne fonctionne pas
link-dead-what = Il a déjà servi, date de plus de 24 heures ou a été remplacé par un plus récent. Demandez un nouveau lien à l’administrateur de votre banque.

## Documents
document-generated = Fait le { $date } à partir de l’exécution elle-même.
document-print = Chaque nombre de ce document vient du paquet du modèle ; aucun n’a été saisi.
note-title = Note méthodologique
note-of = { $name }, version { $version }
note-summary = En bref
note-missing-of = Variable ou famille
note-contents = Sommaire
note-granted = { $granted } accordés
note-summary-text = Le modèle donne à chaque demande une probabilité de défaut (PD) et refuse le crédit à partir de { $threshold }. Prenez un client qui fait défaut et un autre qui rembourse : dans une part de { $auc } de ces paires (l’AUC), il donne au premier la probabilité la plus haute. Au seuil, ses erreurs coûtent { $cost } par client, contre { $all } si l’on accordait à tous.
note-origin = L’origine
note-origin-text = Cette version n’a pas été entraînée ici. Elle a été lue d’un fichier { $source }, { $file }, et elle calcule scores et explications exactement comme ce fichier le dit.
note-origin-unknown = Sur quoi elle a été entraînée, comment des candidats ont été comparés et ses réglages choisis, on ne le sait pas ici ; ces chapitres sont donc laissés de côté. Demandez sa documentation à qui l’a entraînée et gardez-la avec cette note.
note-data = Les données et leur qualité
note-data-text = Le modèle a été entraîné sur { $rows } demandes du portefeuille { $portfolio }, dont { $defaults } ({ $rate }) ont fini en défaut, décrites par { $features } variables. { $missing } des cases sont vides ; une case vide est prise telle quelle, rien n’est complété.
note-data-imported = Le modèle prend les { $features } variables du portefeuille { $portfolio }. Il a été mesuré sur { $rows } demandes de la banque dont l’issue est connue, dont { $defaults } ({ $rate }) ont fini en défaut.
note-data-tables = Fichiers lus, avec le SHA-256 de leurs octets
note-data-absent = Tables du portefeuille absentes ; les variables qui en viennent sont vides :
note-data-all-there = Toutes les tables du portefeuille étaient là.
note-data-missing = { $complete ->
    [0] Aucune variable n’a de valeur pour tous les clients
    [one] { $complete } variable a une valeur pour tous les clients
   *[other] { $complete } variables ont une valeur pour tous les clients
} ; { $mostly ->
    [0] aucune n’en manque pour plus de la moitié d’entre eux.
    [one] { $mostly } en manque pour plus de la moitié d’entre eux.
   *[other] { $mostly } en manquent pour plus de la moitié d’entre eux.
}
note-data-missing-most = Où il manque le plus
note-data-warnings = Avertissements à la lecture
note-imbalance = Le traitement du déséquilibre
note-imbalance-text = Seuls { $rate } des clients font défaut, un pour { $ratio } qui remboursent. L’exactitude récompenserait un modèle qui accorde à tous. Les candidats sont donc comparés sur des mesures que la rareté ne fausse pas et sur le coût métier, et le seuil est choisi d’après les coûts au lieu d’être laissé à 50 %.
note-imbalance-figures = Les poids ont été comparés à leur absence : le même boosting atteint une AUC de { $auc } sans poids et de { $auc-weighted } avec, et un coût par client de { $cost } et de { $cost-weighted }, chacun à son propre meilleur seuil. Une fois calibré, son erreur de calibration moyenne est de { $error } sans poids et de { $error-weighted } avec.
note-imbalance-caption = Ce que fait chaque candidat du déséquilibre, et ce qui en résulte
note-cost = La fonction de coût et le seuil
note-cost-text = Un défaut manqué coûte { $fn }, un bon client refusé { $fp } : ce sont les chiffres de la banque, et seul leur rapport déplace le seuil. Chaque seuil est essayé sur les prédictions dont viennent les mesures, et son coût par client est
note-cost-formula = ({ $fn } × défauts accordés + { $fp } × bons clients refusés) ÷ clients
note-cost-least = Le coût le plus bas est de { $cost } par client, à { $threshold } ; une PD égale ou supérieure est refusée. Accorder à tous coûterait { $grant }, refuser à tous { $refuse }.
note-cost-flat = De { $low } à { $high }, le coût dépasse ce minimum de { $more } au plus.
note-cost-effect = Au seuil, { $granted } des clients obtiennent le crédit ; { $missed } des défauts sont manqués et { $refused } des bons clients sont refusés.
note-candidates = Les candidats et la recherche
note-candidates-text = Chaque candidat a été mesuré de la même façon sur les mêmes plis, comme le dit le chapitre suivant. L’AUC, son intervalle à 95 % et les autres mesures portent sur toutes les prédictions hors pli ensemble ; ± est un écart type entre plis. Celui qui est retenu est marqué : l’AUC la plus haute. Un candidat pondéré n’est que montré, car les poids éloignent les marges des log-cotes dans lesquelles les contributions se lisent.
note-search = La recherche des réglages
note-search-none = Aucun réglage n’a été cherché : le boosting a été essayé avec ceux par défaut.
note-search-text = { $n } réglages du boosting, ceux par défaut et d’autres tirés au hasard dans les plages ci-dessous, ont été essayés par éliminations successives : tous avec peu de boosting, le meilleur tiers de nouveau avec trois fois plus, et les derniers jusqu’à ce que leur perte logarithmique hors pli cesse de baisser. { $on } d’entre eux ont continué après le premier tour. Sont donnés la perte logarithmique et l’AUC sur des clients que les forêts n’avaient pas vus.
note-search-trials = Les { $n } réglages de plus petite perte logarithmique
note-procedure = La procédure de mesure
note-procedure-text = Les mesures sont hors pli : chaque client est jugé par un modèle qui ne l’a pas vu.
procedure-folds = Les clients sont répartis en { $folds } plis dans un ordre aléatoire (graine { $seed }), ceux en défaut et ceux qui ont remboursé séparément, pour que chaque pli ait la même part de défauts.
procedure-held-out = Chaque candidat est entraîné { $folds } fois, chaque fois sur tous les plis sauf un, et prédit les clients du pli laissé de côté. Ensemble, ces prédictions couvrent chaque client une fois.
procedure-rounds = Le nombre de tours de boosting est choisi de nouveau pour chaque pli laissé de côté, sur les autres plis seulement (validation croisée imbriquée) : des forêts entraînées sans ce pli ni un autre sont arrêtées là où leur perte logarithmique sur cet autre est la plus petite.
procedure-search = Il en va de même des réglages du candidat réglé : la recherche est faite pour chaque pli laissé de côté. Les essais montrés plus haut sont ceux de la recherche du modèle final.
procedure-calibration = Les courbes de calibration sont ajustées sur les marges des autres plis et appliquées au pli laissé de côté. La plus simple est gardée, à moins qu’une plus riche n’ait une perte logarithmique plus basse de plus d’une erreur type ; elle est ensuite ajustée sur toutes les marges hors pli.
procedure-threshold = Le seuil est celui du plus petit coût sur toutes ces prédictions calibrées.
procedure-final = Enfin, le candidat retenu est entraîné sur tous les clients ; ce qu’il a fallu choisir pour un pli est choisi de la même façon. Ce modèle est cette version ; les mesures sont celles de ses pareils, entraînés sur un pli de moins.
note-calibration = La calibration
note-calibration-text = La marge d’un modèle dit qui est plus risqué ; la calibration en fait une probabilité que l’on peut comparer au seuil. Elle ne change jamais l’ordre de deux clients.
note-calibration-none = Ici, la probabilité est la fonction logistique de la marge, sans autre courbe.
note-calibration-platt = Ici, c’est celle de Platt : PD = 1 ÷ (1 + exp(−({ $slope } × marge { $intercept }))).
note-calibration-isotonic = Ici, c’est une régression isotonique : des droites entre { $corners } points qui ne descendent jamais.
note-calibration-trials = Calibrations comparées
note-calibration-not-compared = Aucune calibration n’a été comparée pour cette version.
note-calibration-error = Sur les dixièmes de clients selon la PD, probabilité prédite et taux de défaut diffèrent de { $error } en moyenne.
note-calibration-interval = Des rééchantillonnages des clients donnent { $interval } (à 95 %) : ils ajoutent leur propre hasard, qui élargit toujours cet écart, si bien que le chiffre peut être plus bas qu’eux.
calibration-tenths = Dixièmes de clients selon la PD
note-quality = La qualité du modèle
note-quality-text = Tous les chiffres viennent de prédictions sur des clients mis de côté dans la validation croisée.
note-quality-imported = Les chiffres viennent de clients de la banque dont l’issue est connue. On ne sait pas si le modèle en avait vu à l’entraînement : si oui, ils sont trop bons.
out-of-fold = Hors pli
kept-apart = Mis à part
interval-heading = Intervalle à 95 %
cost-per-client-least = Coût par client, seuil le moins cher
note-holdout = Les clients mis à part
note-holdout-text = { $rows } clients dont l’issue est connue, dont { $defaults } en défaut ({ $rate }), n’ont pris part à rien de ce qui précède. Au seuil de la version, le coût est de { $cost } par client ; le seuil le moins cher pour eux aurait été { $threshold }, avec { $least }.
note-holdout-alike = L’AUC hors pli est dans l’intervalle de la leur : le hasard explique la différence.
note-holdout-worse = L’AUC hors pli est au-dessus de l’intervalle de la leur : le modèle y fait nettement moins bien que la validation croisée ne le promettait.
note-holdout-better = L’AUC hors pli est au-dessous de l’intervalle de la leur : le modèle y fait nettement mieux ; cherchez ce qui rend ces clients plus faciles.
note-holdout-none = Aucun client dont l’issue est connue n’a été mis à part pour cette version ; il n’y a donc rien à dire ici.
note-global = Ce qui pèse dans le modèle
note-global-text = Les contributions sont des valeurs de Shapley exactes, en log-cotes. La moyenne de leurs valeurs absolues sur un échantillon de lignes d’entraînement dit combien chaque variable déplace le score.
beeswarm-what = Chaque point est une ligne d’entraînement, sans sa valeur. Points foncés à droite : les grandes valeurs augmentent le risque ; à gauche : elles le diminuent. Une longue traîne est une variable qui compte beaucoup pour peu de clients.
beeswarm-none = Le paquet de cette version ne contient pas de contributions client par client.
dependence-none = Le paquet de cette version ne contient pas de dépendance partielle.
note-local = Comment un score s’explique
note-local-text = Pour chaque client, la valeur de base et les contributions s’ajoutent exactement pour faire la marge, et la calibration fait de la marge une probabilité. Les contributions les plus fortes deviennent les raisons données au client, au plus deux par famille et cinq dans chaque sens.
note-local-example = L’exemple est la moyenne { $n ->
    [one] du client
   *[other] des { $n } clients
} de l’échantillon d’entraînement gardé dont la PD est la plus proche du seuil de { $threshold } : les moyennes de contributions s’ajoutent comme les contributions. Il montre ce qui mène d’ordinaire un client jusque-là, sans montrer ni les valeurs ni les contributions d’aucune personne.
note-local-figure = { $n ->
    [one] Un client près du seuil
   *[other] Moyenne de { $n } clients près du seuil
}, log-cote de défaut
note-local-reading = La valeur de base { $base } est une PD de { $base-pd } ; avec les contributions, la marge est { $margin }, une PD de { $pd }.
note-local-none = Le paquet de cette version ne garde pas d’échantillon de lignes ; aucun exemple ne peut être montré.
note-points-text = Un client part de { $start } points et reçoit ceux d’une classe de chaque variable ; plus de points, moins de risque. { $score } points valent { $odds } bons clients pour un défaut, et chaque tranche de { $double } points double ce rapport.
note-slices = La stabilité par groupe de clients
note-limits = Les limites
limit-history = Le modèle ne connaît que des clients qui ont obtenu un crédit ; de ceux qui ont été refusés, nul ne sait s’ils auraient remboursé.
limit-time = Les mesures sont hors pli, non hors période : les plis mêlent des clients d’une même époque, et aucun client plus tardif n’a été mis à part. Ce que le modèle vaudra pour les clients à venir n’est pas mesuré.
limit-time-holdout = Les mesures sont hors pli, non hors période. Ce n’est que si les clients mis à part ont fait leur demande plus tard que ceux de l’entraînement que leurs chiffres parlent du temps.
limit-optimism = Le candidat (parmi { $candidates }), la sorte de calibration et le seuil ont été choisis sur les mêmes prédictions hors pli que les mesures, ce qui rend celles-ci un peu trop bonnes. Le nombre de tours et les réglages, non : ils ont été choisis sans les clients qui servent à les mesurer.
limit-imported = On ne sait rien ici des données qui ont entraîné ce modèle : ni leur âge, ni leur qualité, ni si des clients de la banque en étaient.
limit-interval = Avec { $defaults } défauts, l’AUC est dans l’intervalle { $auc } et le coût par client dans { $cost } (à 95 %) : des différences plus petites entre modèles ne prouvent rien à elles seules.
limit-spread = D’un pli à l’autre, l’AUC varie de { $std } (un écart type).
limit-absent = { $n ->
    [one] Une table du portefeuille était absente ({ $tables })
   *[other] { $n } tables du portefeuille étaient absentes ({ $tables })
} : le modèle n’en a rien appris. Quand ces données arriveront, entraînez une nouvelle version ; celle-ci ne saurait pas s’en servir.
limit-missing = { $n ->
    [one] { $n } variable manque
   *[other] { $n } variables manquent
} pour plus de la moitié des clients : ce qui est appris de ceux qui ont une valeur peut ne pas valoir pour les autres.
limit-slices-worse = { $n ->
    [one] Dans un groupe, le modèle classe nettement moins bien qu’ailleurs : { $groups }.
   *[other] Dans { $n } groupes, le modèle classe nettement moins bien qu’ailleurs : { $groups }.
}
limit-slices-under = { $n ->
    [one] Dans un groupe, il y a nettement plus de défauts que prédit : { $groups }.
   *[other] Dans { $n } groupes, il y a nettement plus de défauts que prédit : { $groups }.
}
limit-slices-over = { $n ->
    [one] Dans un groupe, il y a nettement moins de défauts que prédit, si bien que des clients y sont refusés sans raison : { $groups }.
   *[other] Dans { $n } groupes, il y a nettement moins de défauts que prédit, si bien que des clients y sont refusés sans raison : { $groups }.
}
limit-slices-few = { $n ->
    [one] Un groupe est trop petit pour qu’on en dise quoi que ce soit : { $groups }.
   *[other] { $n } groupes sont trop petits pour qu’on en dise quoi que ce soit : { $groups }.
}
limit-costs = Les coûts sont une hypothèse, la même pour chaque client quel que soit le montant. Un autre rapport donne un autre seuil.
limit-cause = Les contributions et la dépendance partielle disent ce que le modèle a utilisé, non ce qui cause le défaut : changer une valeur ne change pas forcément le risque du client.
limit-fairness = Les mesures par groupe disent si le modèle est aussi bon pour les uns que pour les autres. Elles ne prouvent pas que les groupes que la loi protège sont traités de même.
note-watch = Ce qu’il faut surveiller
watch-drift = La dérive des variables qui pèsent le plus : { $features }. Le rapport de dérive compare les clients actuels à ceux de l’entraînement ; lisez-le avant l’usage, puis chaque mois.
watch-drift-share = La dérive des variables qui pèsent le plus, { $share } de toutes les contributions à elles seules : { $features }. Le rapport de dérive compare les clients actuels à ceux de l’entraînement ; lisez-le avant l’usage, puis chaque mois, et sachez ce qui se passe quand la source de l’une d’elles fait défaut.
watch-granted = Les accords et leurs défauts : avec de tels clients, { $granted } obtiennent le crédit, et { $rate } de ceux-là font défaut. Un taux d’accord ou de défaut qui s’éloigne de ces chiffres est le premier signe.
watch-calibration = La calibration : le seuil suppose des probabilités justes. Choisissez-le de nouveau quand le taux de défaut de l’ensemble des demandes s’éloigne de { $rate }, ou que l’erreur de calibration dépasse { $error }.
watch-auc = Le classement : une AUC inférieure à { $low } sur autant de nouveaux clients dont l’issue est devenue connue est plus mauvaise que le hasard ne l’explique.
watch-costs = Les coûts : quand un défaut manqué ne coûte plus { $fn } pour { $fp } par bon client refusé, le seuil n’est plus le moins cher.
note-fingerprints = Versions et empreintes
note-fingerprints-text = Les mêmes données, la même graine et le même code donnent le même paquet, octet pour octet ; son SHA-256 est son nom.
drift-title = Rapport de dérive des données
drift-method = Chaque variable est comparée classe par classe (les déciles de la référence ; les valeurs fréquentes, les catégories et les valeurs manquantes font leurs propres classes). L’indice de stabilité de population et la distance de Jensen-Shannon mesurent l’écart entre les deux, le test de Kolmogorov-Smirnov ou du χ² dit si le hasard suffirait ; ses valeurs p sont corrigées pour le nombre de variables. Avec beaucoup de clients, même un écart sans conséquence est significatif : le verdict suit donc l’indice.
drift-score = Le score
drift-features = Les variables, la pire d’abord

# Populations entre lesquelles la dérive est mesurée
drift-training-data = un échantillon des données d’entraînement
drift-portfolio-clients = les clients du portefeuille

# What an audit event is about
subject-client = client
subject-user = personne
subject-api-key = clé d’API
subject-decision = décision
subject-permission = droit de
subject-log = piste d’audit
subject-audit-event = entrée
subject-portfolio = portefeuille
subject-model-version = version de modèle
subject-model-alias = alias
subject-drift-report = rapport de dérive
subject-tenant = banque
why-ranks = Les parts de clients se rapportent à ceux dont le modèle a appris ; les rangs du tableau, aux clients d’aujourd’hui.

## Points d’une grille de score
points-title = Table des points
points-scale = { $score } points pour { $odds } bons clients contre un défaut ; { $double } points de plus doublent ce rapport.
points-how = Le score d’un client est la somme des points de base et des points de la classe de chacune de ses valeurs. Des points positifs indiquent un risque inférieur à celui de l’ensemble des clients, des points négatifs un risque supérieur. Les points sont arrondis ici ; le modèle calcule sans arrondi, et avant tout calibrage.
points-base = Points de base
points-characteristics = Caractéristiques
points-bin = Valeurs
points-share = Part des clients
points-default-rate = Taux de défaut
points-woe = Poids de l’évidence
points-points = Points
points-strength = valeur d’information { $iv }, poids { $weight }
points-at-most = au plus { $to }
points-between = plus de { $from }, jusqu’à { $to }
points-above = plus de { $from }
points-at-least = au moins { $from }
points-below = moins de { $to }
points-from-to = de { $from } à moins de { $to }
points-all = toute valeur
points-special = exactement { $value }
points-missing = valeur absente
